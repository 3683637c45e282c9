import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { compilePipeline } from '../compile/compile-pipeline.js'
import { pushInput } from '../testing/events.js'
import { convertText } from './convert-text.js'

describe('converting to text', () => {
  it('reports what runners refuse, and every other form', () => {
    const step = (rest: string) => `steps: [{name: a, image: b, commands: [c], ${rest}}]\n`
    const reportOf = (rest: string) =>
      convertText({ file: '.woodpecker.yml', text: step(rest) }, 'auto').changes.map(
        ({ kind, message }) => `${kind}: ${message}`,
      )
    const refused = (what: string) =>
      `check: runners refuse ${what}: the pipeline ends with an error`
    expect(reportOf('privileged: true')).toEqual([refused('`privileged`')])
    expect(reportOf('network_mode: host')).toEqual([refused('`network_mode`')])
    expect(reportOf('network_mode: none')).toEqual([])
    expect(reportOf('devices: [/dev/kvm]')).toEqual([refused('`/dev/kvm` of the host')])
    expect(reportOf('volumes: ["/srv:/srv"]')).toEqual([
      'changed: `volumes` of a step are declared by the pipeline and mounted by the step',
      refused('`/srv` of the host'),
    ])
    expect(reportOf('environment: [A=b]')).toEqual([
      'changed: `environment` is a mapping of names to values',
    ])
    expect(reportOf('when: {local: true}')).toEqual([
      'changed: `local: true` is left out: steps run everywhere',
    ])
  })

  it('leaves the label of the backend out without a word', () => {
    const text = 'labels: {backend: docker, size: big}\nsteps: []\n'
    const converted = convertText({ file: '.woodpecker.yml', text }, 'auto')
    expect(converted.text).toContain('node:\n  size: big')
    expect(converted.text).not.toContain('backend')
    expect(converted.diagnostics).toEqual([])
  })

  it('writes what a person would, and reports it', () => {
    const text = `# comment
when:
  event: [push, manual]
steps:
  unit tests:
    commands:
      - |
        make
        make check
      - 'echo "a: b"'
    image: golang:1.22
    environment:
      VERSION: 1.10
      YES: 'true'
    unheard: 1
services:
  db:
    image: postgres
`
    const {
      text: written,
      changes,
      diagnostics,
    } = convertText({ file: '.woodpecker.yml', text }, 'auto')
    expect(written).toBe(`kind: pipeline
name: woodpecker
trigger:
  event: [push, custom]

services:
  - name: db
    image: postgres

steps:
  - name: unit tests
    image: golang:1.22
    environment:
      VERSION: 1.10
      YES: "true"
    commands:
      - |
        make
        make check
      - 'echo "a: b"'
`)
    expect(changes).toEqual([
      { at: '.woodpecker.yml:1:1', kind: 'check', message: 'comments are not taken over' },
      {
        at: '.woodpecker.yml:2:1',
        kind: 'changed',
        message: '`when` of a workflow is called `trigger`',
      },
      {
        at: '.woodpecker.yml:3:10',
        kind: 'changed',
        message: 'the event `manual` is called `custom`',
      },
      {
        at: '.woodpecker.yml:4:1',
        kind: 'changed',
        message: '`steps` is a list, each with its `name`',
      },
      {
        at: '.woodpecker.yml:15:5',
        kind: 'dropped',
        message: 'Woodpecker has no key `unheard` of steps: it is left out',
      },
      {
        at: '.woodpecker.yml:16:1',
        kind: 'changed',
        message: '`services` is a list, each with its `name`',
      },
    ])
    expect(diagnostics.map(({ code, severity }) => [code, severity])).toEqual([
      ['SP_PIPELINE_CONVERTED', 'warning'],
    ])
  })

  it.each([
    ['ours', '.pipeline.yml', 'kind: pipeline\nsteps: []\n'],
    ['of Drone 1.x', '.drone.yml', 'kind: pipeline\nsteps: []\n'],
    ['no YAML', '.woodpecker.yml', 'a: [b'],
  ])('refuses what is %s', (_what, file, text) => {
    const result = convertText({ file, text }, 'auto')
    expect(result.text).toBeNull()
    expect(result.diagnostics.map(({ severity }) => severity)).toContain('error')
  })

  it('converts another language under our name', () => {
    expect(
      convertText({ file: '.pipeline.yml', text: 'pipeline: {a: {image: b}}' }, 'auto').text,
    ).toContain('- name: a')
  })

  it('gives a variable that both tools have the name that means the same here', () => {
    const text = 'steps: [{name: a, image: b, commands: ["echo ${CI_REPO_NAME}"]}]'
    const { text: written } = convertText({ file: '.woodpecker.yml', text }, 'auto')
    expect(written).toContain('echo ${DRONE_REPO_NAME}')
  })

  it('writes no more text than a plan may have', () => {
    const aliases = Array.from({ length: 100 }, () => '*a').join(', ')
    const text = `variables: [&a ${'x'.repeat(500_000)}]\nsteps: {b: {image: i, commands: [${aliases}]}}`
    const { text: written, diagnostics } = convertText({ file: '.woodpecker.yml', text }, 'auto')
    expect(written).toBeNull()
    expect(diagnostics.map(({ code }) => code)).toEqual(['SP_PIPELINE_TOO_LARGE'])
  })

  it('keeps any command as it is', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1 }),
        fc.string({ minLength: 1 }),
        (one, other) => {
          const command = JSON.stringify([`x${one}`, `y${other}\n z`])
          const source = {
            file: '.woodpecker.yml',
            text: `steps: {a: {image: i, commands: ${command}}}`,
          }
          const { text } = convertText(source, 'auto')
          const plan = (file: string, content: string): unknown =>
            compilePipeline([{ file, text: content }], pushInput()).plan?.stages[0]?.steps
          expect(plan('.pipeline.yml', text ?? '')).toEqual(plan(source.file, source.text))
        },
      ),
      { seed: 7, numRuns: 200 },
    )
  })
})
