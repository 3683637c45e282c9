import { describe, expect, it } from '@jest/globals'
import { substituteText } from '../testing/substitute.js'

const VARIABLES = {
  DRONE_COMMIT_MESSAGE: '"; touch evil; #',
  DRONE_COMMIT_SHA: '7fd1a60b01f91b314f59955a4e4d4e80d8edf11d',
  DRONE_BRANCH: 'feature/x',
  UP: '../../etc',
  ROOT: '/etc',
  DOT: './x',
}

function substituted(source: string) {
  const { value, diagnostics } = substituteText(source, VARIABLES, { fromFile: new Set(['AXIS']) })
  return {
    text: JSON.stringify(value),
    errors: diagnostics.flatMap(({ severity, code }) => (severity === 'error' ? [code] : [])),
  }
}

const step = (keys: object) => JSON.stringify({ steps: [{ name: 'a', image: 'b', ...keys }] })
const MESSAGE = 'echo ${DRONE_COMMIT_MESSAGE}'

describe('arguments of a program', () => {
  it.each([
    [['sh', '-ce', MESSAGE]],
    [['/bin/bash', '-Eeuc', MESSAGE]],
    [['/bin/${Q:-sh}', '-c', MESSAGE]],
    [['env', 'A=1', 'B=2', 'C=3', 'sh', '-c', MESSAGE]],
    [[...Array<string>(30).fill('env'), 'sh', '-c', MESSAGE]],
    [['busybox', 'sh', '-c', MESSAGE]],
  ])('%j are commands', (argv) => {
    for (const key of ['entrypoint', 'command', 'healthcheck']) {
      const value = key === 'healthcheck' ? { command: argv } : argv
      const { text, errors } = substituted(step({ [key]: value }))
      expect(text).toContain('echo ${SANDPIPER_SUBST_1}')
      expect(text).not.toContain('touch')
      expect(errors).toEqual([])
    }
  })

  it.each([
    [['python3', '-c', 'print("${DRONE_COMMIT_MESSAGE}")']],
    [['/usr/bin/perl5.36', '-e', MESSAGE]],
    [['my-lang', '--eval', MESSAGE]],
    [['node', '${DRONE_COMMIT_MESSAGE}']],
    [['sh', 'run.sh', '${DRONE_COMMIT_MESSAGE}']],
    [['${DRONE_BRANCH}', '${DRONE_COMMIT_MESSAGE}']],
  ])('%j are refused', (argv) => {
    expect(substituted(step({ entrypoint: argv })).errors).toEqual(['SP_PIPELINE_SUBSTITUTION'])
    const check = substituted(step({ healthcheck: { command: argv } }))
    expect(check.errors).toEqual(['SP_PIPELINE_SUBSTITUTION'])
  })

  it('are text to other programs, and plain values are text to all', () => {
    const argv = ['notify', '-message', '${DRONE_COMMIT_MESSAGE}']
    const { text, errors } = substituted(step({ entrypoint: argv }))
    expect([text.includes('touch evil'), errors]).toEqual([true, []])
    const plain = ['python3', '-c', 'print("${DRONE_COMMIT_SHA}")']
    expect(substituted(step({ command: plain })).errors).toEqual([])
  })

  it('stay one argument in text that is split', () => {
    const { text } = substituted(step({ command: 'notify ${DRONE_COMMIT_MESSAGE} x' }))
    expect(JSON.parse(text)).toMatchObject({
      steps: [{ command: 'notify \\";\\ touch\\ evil;\\ # x' }],
    })
  })
})

describe('what decides about rights, secrets and machines', () => {
  const pipeline = (keys: object) => JSON.stringify({ ...keys, steps: [] })
  const sources = (value: string) => [
    step({ environment: { A: { from_secret: value } } }),
    step({ settings: { a: { from_secret: value } } }),
    step({ privileged: value }),
    step({ user: value }),
    step({ network_mode: value }),
    step({ devices: [{ name: value, path: '/dev/x' }] }),
    pipeline({ type: value }),
    pipeline({ node: { disk: value } }),
    pipeline({ volumes: [{ name: 'a', host: { path: value } }] }),
  ]

  it('is never the choice of who pushes', () => {
    for (const source of sources('${DRONE_BRANCH:-x}')) {
      expect([source, substituted(source).errors]).toEqual([source, ['SP_PIPELINE_SUBSTITUTION']])
    }
  })

  it('may be a number, a hash, or what the file says', () => {
    for (const value of ['${DRONE_COMMIT_SHA:0:8}', '${AXIS}', '${#DRONE_BRANCH}', '${NONE:-x}']) {
      expect(sources(value).flatMap((source) => substituted(source).errors)).toEqual([])
    }
  })
})

describe('a path', () => {
  const sources = (value: string) => [
    JSON.stringify({ workspace: { base: '/go', path: value } }),
    step({ working_dir: value }),
    step({ volumes: [{ name: 'a', path: value }] }),
  ]

  it.each(['${UP}', 'a/${UP}', '${ROOT}', '.${DOT}', '${NONE:-${ROOT}}'])(
    'is not led elsewhere by %s',
    (value) => {
      for (const source of sources(value)) {
        expect(substituted(source).errors).toEqual(['SP_PIPELINE_SUBSTITUTION'])
      }
    },
  )

  it.each(['${DRONE_BRANCH}', '/srv/${DRONE_BRANCH}', 'a${ROOT}', '../x'])(
    'may have %s',
    (value) => {
      expect(sources(value).flatMap((source) => substituted(source).errors)).toEqual([])
    },
  )
})
