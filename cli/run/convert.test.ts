import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** The real program, as a user calls it. */
const program = path.resolve(__dirname, '../../bin/sandpiper')
let dir: string

beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'sp-test-convert-'))
  writeFileSync(
    path.join(dir, '.woodpecker.yml'),
    'skip_clone: true\nsteps:\n  a:\n    image: b\n    x: 1\n',
  )
  writeFileSync(path.join(dir, '.pipeline.yml'), 'kind: pipeline\nsteps: []\n')
})

afterEach(() => rmSync(dir, { recursive: true, force: true }))

function convert(...args: string[]) {
  const options = {
    cwd: dir,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: dir },
  } as const
  return spawnSync(process.execPath, [program, 'convert', ...args], options)
}

const TEXT = `kind: pipeline
name: woodpecker
clone:
  disable: true

steps:
  - name: a
    image: b
`

const REPORT = `.woodpecker.yml:1:1: changed: \`skip_clone\` is called \`clone.disable\`
.woodpecker.yml:2:1: changed: \`steps\` is a list, each with its \`name\`
.woodpecker.yml:5:5: dropped: Woodpecker has no key \`x\` of steps: it is left out
`

describe('sandpiper convert', () => {
  it('prints the pipeline on stdout and what changed on stderr', () => {
    const { status, stdout, stderr } = convert('.woodpecker.yml')
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: TEXT, stderr: REPORT })
  })

  it('prints one document with --json', () => {
    const { status, stdout, stderr } = convert('--json', '--from', 'woodpecker', '.woodpecker.yml')
    expect([status, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toMatchObject({
      text: TEXT,
      changes: [
        { kind: 'changed' },
        { kind: 'changed' },
        { kind: 'dropped', at: '.woodpecker.yml:5:5' },
      ],
      diagnostics: [{ code: 'SP_PIPELINE_CONVERTED' }],
    })
  })

  it('writes a file that is not there yet', () => {
    expect(convert('.woodpecker.yml', '--out', 'new.yml')).toMatchObject({ status: 0, stdout: '' })
    expect(readFileSync(path.join(dir, 'new.yml'), 'utf8')).toBe(TEXT)
    expect(convert('.woodpecker.yml', '--out', 'new.yml').status).toBe(2)
  })

  it('makes one text of the files of a directory, which may depend on each other', () => {
    const folder = path.join(dir, '.woodpecker')
    mkdirSync(folder)
    const step = 'steps: [{name: a, image: b}]\n'
    writeFileSync(path.join(folder, 'build.yml'), step)
    writeFileSync(
      path.join(folder, 'test.yaml'),
      `depends_on: [build]\nwhen: {event: manual}\n${step}`,
    )
    const { status, stdout, stderr } = convert('.woodpecker/')
    expect(status).toBe(0)
    expect(stdout).toMatch(/^kind: pipeline\nname: build\n[^]*\n---\nkind: pipeline\nname: test\n/)
    expect(stdout).toContain('depends_on: [build]\n')
    expect(stderr).toMatch(/^\.woodpecker\/test\.yaml:2:1: changed: /m)
  })

  it('does not let a file steer the terminal', () => {
    writeFileSync(path.join(dir, 'a\x1b[2J.yml'), 'steps: {a: {image: b, "x\\e[2Jy": 1}}\n')
    const { status, stderr } = convert('a\x1b[2J.yml')
    expect(status).toBe(0)
    expect(stderr).toContain('dropped')
    expect(stderr).not.toContain('\x1b')
  })

  it('ends with 1 for what can not be converted and with 2 for a wrong call', () => {
    const refused = convert('.pipeline.yml')
    expect([refused.status, refused.stdout]).toEqual([1, ''])
    expect(refused.stderr).toContain('there is nothing to convert')
    expect(convert('.woodpecker.yml', '--from', 'jenkins').status).toBe(2)
    expect(convert('missing.yml').status).toBe(2)
    expect(convert().status).toBe(2)
  })
})
