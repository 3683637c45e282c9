import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Diagnostic } from '../../pipelines/index.js'
import { PIPELINE_CODES } from '../../pipelines/index.js'

/** The real program, as a user calls it. */
const program = path.resolve(__dirname, '../../bin/sandpiper')
const GOOD = 'kind: pipeline\ntype: exec\nname: a\nsteps: [{ name: s, commands: [echo] }]\n'
const WARNED = `${GOOD}version: 1\n`
const BAD = GOOD.replace('exec\n', 'exec\nstepz: []\n')
const INCLUDES =
  'kind: pipeline\ntype: exec\nname: a\nsteps: [{ include: PATH }, { name: s, commands: [echo] }]\n'
let dir: string

beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'sp-test-lint-'))
})

afterEach(() => rmSync(dir, { recursive: true, force: true }))

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(dir, name)), { recursive: true })
    writeFileSync(path.join(dir, name), text)
  }
}

function lint(args: readonly string[], input = '', env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'lint', ...args], {
    cwd: dir,
    encoding: 'utf8',
    input,
    env: { PATH: process.env['PATH'], HOME: dir, ...env },
  })
  return { status, stdout, stderr }
}

describe('sandpiper lint', () => {
  it('ends with a summary, and with 1 when there is an error', () => {
    write({ 'a.yml': GOOD, 'b.yml': BAD, 'c.yml': WARNED })
    const { status, stdout } = lint(['a.yml', 'b.yml', 'c.yml'])
    expect(stdout).toMatch(/^a\.yml: ok\nb\.yml:3:1: error SP_PIPELINE_UNKNOWN_KEY: /)
    expect(stdout).toMatch(/\n {2}hint: .* \(sandpiper explain SP_PIPELINE_UNKNOWN_KEY\)\n/)
    expect(stdout).toMatch(/\n\d errors?, \d warnings? in 3 files\n$/)
    expect(status).toBe(1)
  })

  it('lets warnings fail only with --strict', () => {
    write({ 'w.yml': WARNED })
    expect(lint(['w.yml']).status).toBe(0)
    expect(lint(['--strict', 'w.yml']).status).toBe(1)
    const [file] = JSON.parse(lint(['--strict', '--json', 'w.yml']).stdout) as { ok: boolean }[]
    expect(file?.ok).toBe(false)
  })

  it.each<[string, Record<string, string>, string]>([
    ['.pipeline.yml', { '.pipeline.yml': GOOD, '.drone.yml': BAD }, '.pipeline.yml: ok\n'],
    ['.drone.yml', { '.drone.yml': GOOD, '.woodpecker.yml': BAD }, '.drone.yml: ok\n'],
  ])('takes %s without arguments when it is the first there', (_name, files, stdout) => {
    write(files)
    expect(lint([])).toEqual({ status: 0, stdout, stderr: '' })
  })

  it("takes the files of Woodpecker's directory together, and before its single file", () => {
    const steps = 'skip_clone: true\nsteps: [{ name: s, image: i, commands: [echo] }]\n'
    write({
      '.woodpecker/one.yml': steps,
      '.woodpecker/two.yaml': `depends_on: [one]\n${steps}`,
      '.woodpecker.yml': BAD,
    })
    const ended = lint(['--json'])
    expect(JSON.parse(ended.stdout)).toMatchObject([
      { file: '.woodpecker/one.yml', ok: true },
      { file: '.woodpecker/two.yaml', ok: true },
    ])
    expect(ended.stdout).not.toContain('SP_PIPELINE_UNKNOWN_DEPENDENCY')
  })

  it('takes the YAML files of a directory, each alone, and each once', () => {
    write({ 'ci/a.yml': GOOD, 'ci/b.yaml': GOOD, 'ci/notes.txt': BAD })
    const { status, stdout } = lint(['ci', 'ci/a.yml'])
    expect([status, stdout]).toEqual([0, 'ci/a.yml: ok\nci/b.yaml: ok\n'])
  })

  it('reads stdin for -', () => {
    expect(lint(['-'], GOOD)).toMatchObject({ status: 0, stdout: 'stdin: ok\n' })
    expect(lint(['-'], BAD).stdout).toMatch(/^stdin:3:1: error /)
  })

  it('has colours only when they are wanted', () => {
    const forced = lint(['-'], BAD, { FORCE_COLOR: '1' }).stdout
    expect(forced).toContain('\x1b[31merror SP_PIPELINE_UNKNOWN_KEY:\x1b[0m')
    // eslint-disable-next-line no-control-regex -- colours are what is looked for
    expect(forced.replace(/\x1b\[\d+m/g, '')).toBe(lint(['-'], BAD).stdout)
  })

  it('keeps names and text of files from steering the terminal', () => {
    const name = 'e\x1b[2J\u009b1m\u202e.yml'
    write({ [name]: `${BAD}"\\e[31mred\\u009b": 1\n` })
    const good = `good${name}`
    write({ [good]: GOOD })
    const other = `none\x1b]0;title\x07.yml`
    for (const args of [[name], [good], ['--json', name], ['--sarif', name], [other]]) {
      const { stdout, stderr } = lint(args)
      expect((stdout + stderr).length).toBeGreaterThan(10)
      // eslint-disable-next-line no-control-regex -- that is the point
      expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
    }
  })
})

describe('what a file includes', () => {
  const included = '[{ name: included, commands: [make], oops: 1 }]\n'

  it('is read from the top of the repo, and its problems are told in it', () => {
    write({ '.git/HEAD': '', 'ci/main.yml': INCLUDES.replace('PATH', 'ci/steps.yml') })
    write({ 'ci/steps.yml': `steps: ${included}` })
    const { stdout, stderr } = lint(['--json', 'ci/main.yml'])
    expect(stderr).toBe('')
    const [main] = JSON.parse(stdout) as { diagnostics: Diagnostic[] }[]
    expect(main?.diagnostics.map(({ file }) => file)).toContain('ci/steps.yml')
  })

  it('is missing when there is no such file', () => {
    write({ 'main.yml': INCLUDES.replace('PATH', 'none.yml') })
    const { status, stdout } = lint(['main.yml'])
    expect(stdout).toMatch(
      /^main\.yml:4:20: error SP_PIPELINE_INCLUDE: there is no file `none\.yml`/,
    )
    expect(status).toBe(1)
  })

  it.each<[string, (file: string) => void, RegExp]>([
    ['leads out of the repo', (file) => symlinkSync('/etc/hostname', file), /out of the repo/],
    ['is a directory', (file) => mkdirSync(file), /not a regular file/],
    ['is too large', (file) => writeFileSync(file, '#'.repeat(2 ** 20 + 1)), /larger than 1 MiB/],
  ])('is refused with exit code 2 when it %s', (_what, make, message) => {
    write({ '.git/HEAD': '', 'main.yml': INCLUDES.replace('PATH', 'part.yml') })
    make(path.join(dir, 'part.yml'))
    const { status, stdout, stderr } = lint(['main.yml'])
    expect(stderr).toMatch(/^error: can't read the included file part\.yml: /)
    expect(stderr).toMatch(message)
    expect([status, stdout]).toEqual([2, ''])
  })

  it('may be a link to another file of the repo', () => {
    write({ '.git/HEAD': '', 'main.yml': INCLUDES.replace('PATH', 'part.yml') })
    write({ 'real.yml': 'steps: [{ name: included, commands: [make] }]\n' })
    symlinkSync('real.yml', path.join(dir, 'part.yml'))
    expect(lint(['main.yml'])).toEqual({ status: 0, stdout: 'main.yml: ok\n', stderr: '' })
  })
})

interface Sarif {
  version: string
  runs: {
    columnKind: string
    tool: { driver: { rules: { id: string; help: { text: string } }[] } }
    artifacts: { location: { uri: string } }[]
    results: {
      ruleId: string
      ruleIndex: number
      level: string
      message: { text: string }
      locations: { physicalLocation: { artifactLocation: object; region: object } }[]
    }[]
  }[]
}

describe('sandpiper lint --sarif', () => {
  it('prints one log with rules, artifacts, and places of the problems', () => {
    write({ 'a b.yml': BAD, 'c.yml': GOOD })
    const { status, stdout } = lint(['--sarif', 'a b.yml', 'c.yml'])
    const { version, runs } = JSON.parse(stdout) as Sarif
    expect([status, version, runs.length]).toEqual([1, '2.1.0', 1])
    const [run] = runs
    expect(run?.columnKind).toBe('utf16CodeUnits')
    expect(run?.artifacts.map(({ location }) => location.uri)).toEqual(['a%20b.yml', 'c.yml'])
    expect(run?.tool.driver.rules.map(({ id }) => id)).toEqual(Object.keys(PIPELINE_CODES))
    for (const rule of run?.tool.driver.rules ?? []) {
      expect(rule.help.text).not.toBe('')
      expect(rule).not.toHaveProperty('helpUri')
    }
    const result = run?.results.find(({ level }) => level === 'error')
    expect(run?.tool.driver.rules[result?.ruleIndex ?? -1]?.id).toBe('SP_PIPELINE_UNKNOWN_KEY')
    expect(result).toMatchObject({
      ruleId: 'SP_PIPELINE_UNKNOWN_KEY',
      message: { text: 'unknown key `stepz`\ndid you mean `steps`?' },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'a%20b.yml', index: 0 },
            region: { startLine: 3, startColumn: 1, endLine: 3, endColumn: 6 },
          },
        },
      ],
    })
  })

  it('does not go together with --json', () => {
    const { status, stderr } = lint(['--sarif', '--json', '-'])
    expect([status, stderr]).toEqual([2, expect.stringContaining('exclude each other')])
  })
})
