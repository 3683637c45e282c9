import { describe, expect, it } from '@jest/globals'
import { DEFAULT_HINTS, formatDiagnostic } from '../index.js'
import { compileText, fileOf, fileWithSteps, problemsOf } from '../testing/compile.js'

const STEP = '{name: a, image: alpine, commands: [make]}'

describe('a broken file', () => {
  it.each<[string, string, string]>([
    ['text that is no YAML', 'steps: [\n', '2:1 SP_PIPELINE_YAML'],
    ['a tab', 'steps:\n\t- name: a\n', '2:1 SP_PIPELINE_YAML'],
    ['an unquoted colon', 'steps:\n- name: a: b\n', '2:9 SP_PIPELINE_YAML'],
    ['an alias without anchor', `steps: [${STEP}]\nname: *nobody\n`, '2:7 SP_PIPELINE_YAML'],
    ['an alias of what it is in', 'steps: &a [*a]\n', '1:12 SP_PIPELINE_YAML'],
    ['a tag', `steps: [${STEP}]\nname: !secret x\n`, '2:7 SP_PIPELINE_YAML'],
    ['a key that is a list', '[a]: b\n', '1:1 SP_PIPELINE_YAML'],
    ['a merge key with text', `steps: [${STEP}]\n<<: x\n`, '2:1 SP_PIPELINE_YAML'],
    ['an empty file', '', '1:1 SP_PIPELINE_EMPTY'],
    ['a file of comments', '# nothing\n---\n# here\n', '1:1 SP_PIPELINE_EMPTY'],
    ['a list', '- a\n', '1:1 SP_PIPELINE_VALUE'],
    ['a secret without value', 'kind: secret\nname: x\n', '1:1 SP_PIPELINE_MISSING_KEY'],
    [
      'a secret from nowhere',
      'kind: secret\nname: x\nget: {name: y}\n',
      '3:6 SP_PIPELINE_MISSING_KEY',
    ],
    [
      'a schedule that is none',
      'kind: cron\nname: x\nspec: {schedule: often, branch: a}\n',
      '3:18 SP_PIPELINE_VALUE',
    ],
    ['an unknown kind', 'kind: pipelin\n', '1:7 SP_PIPELINE_KIND'],
    ['a mistyped type', `type: dokcer\nsteps: [${STEP}]\n`, '1:7 SP_PIPELINE_TYPE'],
    ['no steps', 'name: x\n', '1:1 SP_PIPELINE_MISSING_KEY'],
    ['a mapping of steps', 'kind: pipeline\nsteps: {a: {image: b}}\n', '2:8 SP_PIPELINE_VALUE'],
    ['an empty name', 'steps:\n- {name: "", image: a, commands: [b]}\n', '2:10 SP_PIPELINE_VALUE'],
    ['a blank name', 'steps:\n- {name: " ", image: a, commands: [b]}\n', '2:10 SP_PIPELINE_VALUE'],
    ['no image', 'steps:\n- {name: a, commands: [b]}\n', '2:3 SP_PIPELINE_MISSING_KEY'],
    ['nothing to run', 'type: exec\nsteps:\n- {name: a}\n', '3:3 SP_PIPELINE_MISSING_KEY'],
    [
      'a mapping as command',
      'steps:\n- name: a\n  image: b\n  commands:\n  - echo: x\n',
      '5:5 SP_PIPELINE_VALUE',
    ],
    ['a NUL', 'steps:\n- {name: a, image: b, commands: ["x\\0"]}\n', '2:34 SP_PIPELINE_VALUE'],
    ['`detach: maybe`', fileWithSteps(['name: a, detach: maybe']), '3:56 SP_PIPELINE_VALUE'],
    ['an unknown failure', fileWithSteps(['name: a, failure: ignored']), '3:57 SP_PIPELINE_VALUE'],
    [
      'a negative depth',
      fileWithSteps(['name: a'], 'clone: {depth: -1}\n'),
      '2:16 SP_PIPELINE_VALUE',
    ],
    [
      'a variable with `=`',
      fileWithSteps(['name: a, environment: {A=B: c}']),
      '3:62 SP_PIPELINE_VALUE',
    ],
    [
      'a variable that is a list',
      fileWithSteps(['name: a, environment: {A: [b]}']),
      '3:65 SP_PIPELINE_VALUE',
    ],
    [
      'a secret without name',
      fileWithSteps(['name: a, environment: {A: {from_secret: ~}}']),
      '3:79 SP_PIPELINE_VALUE',
    ],
    [
      'a secret by another word',
      fileWithSteps(['name: a, environment: {A: {secret: b}}']),
      '3:65 SP_PIPELINE_VALUE',
    ],
    [
      'a volume of the runner',
      fileWithSteps(['name: a'], 'volumes: [{name: _workspace, temp: {}}]\n'),
      '2:18 SP_PIPELINE_RESERVED_NAME',
    ],
    [
      'a mount over the runner',
      fileWithSteps(['name: a, volumes: [{name: v, path: //run/./drone/x}]']),
      '3:74 SP_PIPELINE_VALUE',
    ],
    [
      'a service with the name of a step',
      fileWithSteps(['name: a'], 'services: [{name: a, image: b}]\n'),
      '4:45 SP_PIPELINE_DUPLICATE_NAME',
    ],
    [
      'a malformed pattern',
      fileWithSteps(['name: a, when: {branch: "[a"}']),
      '3:63 SP_PIPELINE_GLOB',
    ],
    ['a step called clone', fileWithSteps(['name: clone']), '3:45 SP_PIPELINE_RESERVED_NAME'],
    [
      'two steps with one name',
      fileWithSteps(['name: a', 'name: a']),
      '4:45 SP_PIPELINE_DUPLICATE_NAME',
    ],
    [
      'two pipelines without name',
      `steps: [${STEP}]\n---\nsteps: [${STEP}]\n`,
      '3:1 SP_PIPELINE_DUPLICATE_NAME',
    ],
    [
      'an unknown step',
      fileWithSteps(['name: a, depends_on: [b]']),
      '3:61 SP_PIPELINE_UNKNOWN_DEPENDENCY',
    ],
    [
      'an unknown pipeline',
      fileWithSteps(['name: a'], 'depends_on: [b]\n'),
      '2:14 SP_PIPELINE_UNKNOWN_DEPENDENCY',
    ],
    [
      'a step that waits for itself',
      fileWithSteps(['name: a, depends_on: [a]']),
      '3:61 SP_PIPELINE_CYCLE',
    ],
    [
      'a pipeline that waits for itself',
      fileWithSteps(['name: a'], 'name: x\ndepends_on: [x]\n'),
      '3:14 SP_PIPELINE_CYCLE',
    ],
    [
      'a workspace over the system',
      fileWithSteps(['name: a'], 'workspace: {path: /usr/bin/x}\n'),
      '2:19 SP_PIPELINE_WORKSPACE',
    ],
    [
      'a relative base',
      fileWithSteps(['name: a'], 'workspace: {base: src}\n'),
      '2:19 SP_PIPELINE_WORKSPACE',
    ],
  ])('with %s is refused where it is wrong', (_what, source, problem) => {
    const problems = problemsOf(source)
    expect(problems.map((line) => line.split(' ', 2).join(' '))).toContain(problem)
    expect(compileText(source).plan).toBeNull()
  })

  it('is told all of its problems at once, in order', () => {
    const source = `kind: pipeline
name: one
step: []
steps:
- name: a
  image: alpine
  comands: [make]
  depends: [b]
---
kind: pipeline
name: two
depends_on: [three]
steps: [{name: x, image: alpine, commands: [make], depends_on: [x]}]
`
    const { diagnostics } = compileText(source)
    expect(diagnostics.map(({ start, code, hint }) => [start.line, code, hint])).toEqual([
      [3, 'SP_PIPELINE_UNKNOWN_KEY', 'did you mean `steps`?'],
      [7, 'SP_PIPELINE_UNKNOWN_KEY', 'did you mean `commands`?'],
      [8, 'SP_PIPELINE_UNKNOWN_KEY', 'did you mean `depends_on`?'],
      [12, 'SP_PIPELINE_UNKNOWN_DEPENDENCY', DEFAULT_HINTS.SP_PIPELINE_UNKNOWN_DEPENDENCY],
      [13, 'SP_PIPELINE_CYCLE', 'remove one of these dependencies'],
    ])
  })

  it('is told the way around a cycle', () => {
    const source = fileWithSteps([
      'name: start, depends_on: [a]',
      'name: a, depends_on: [b]',
      'name: b, depends_on: [c]',
      'name: c, depends_on: [a]',
    ])
    expect(problemsOf(source)).toEqual([
      '6:61 SP_PIPELINE_CYCLE steps wait for each other: `a` -> `b` -> `c` -> `a`',
    ])
  })

  it('is warned about patterns that match no event, and still compiles', () => {
    const source = fileWithSteps(['name: a, when: {event: [push, pull-request]}'])
    const { plan, diagnostics } = compileText(source)
    expect(plan).not.toBeNull()
    expect(diagnostics).toMatchObject([
      { code: 'SP_PIPELINE_NO_EFFECT', severity: 'warning', hint: 'did you mean `pull_request`?' },
    ])
  })

  it('is told about a problem in an anchor once', () => {
    const source = fileWithSteps(
      ['name: a, environment: *e', 'name: b, environment: *e'],
      'environment: &e {A: [x]}\n',
    )
    expect(problemsOf(source)).toHaveLength(1)
  })
})

describe('the workspace', () => {
  it.each([
    ['{}', '/drone/src'],
    ['{path: app}', '/drone/src/app'],
    ['{base: /go, path: src/example.com/x}', '/go/src/example.com/x'],
    ['{base: /go, path: /srv/app/}', '/srv/app'],
    ['{path: ../.././tmp/x//y}', '/tmp/x/y'],
    ['{path: /home/me}', '/home/me'],
    ['{path: /usr/src/app}', '/usr/src/app'],
  ])('%s is %s', (workspace, expected) => {
    const source = fileWithSteps(['name: a'], `workspace: ${workspace}\n`)
    const { plan } = compileText(source)
    expect(plan?.stages[0]?.workspace).toBe(expected)
  })

  it.each(['/', '/etc', '/proc/self', '/dev/shm', '../..', '/home', '/usr/./lib/x', '/root'])(
    'can not be %s',
    (path) => {
      const source = fileWithSteps(['name: a'], `workspace: {path: ${path}}\n`)
      expect(problemsOf(source)).toEqual([expect.stringContaining('SP_PIPELINE_WORKSPACE')])
    },
  )
})

describe('the workspace of an exec pipeline', () => {
  function problemsOfExec(workspace: string): string[] {
    const steps = 'steps: [{name: a, commands: [make]}]'
    return problemsOf(`kind: pipeline\ntype: exec\nworkspace: ${workspace}\n${steps}\n`)
  }

  it.each([
    ['{path: /usr/zz}', '/usr/zz', '3:19'],
    ['{path: /usr/src/app}', '/usr/src/app', '3:19'],
    ['{base: /usr/local/src}', '/usr/local/src', '3:19'],
    ['{base: /usr, path: zz}', '/usr/zz', '3:31'],
  ])('can not be %s, in the /usr of the host', (workspace, path, place) => {
    expect(problemsOfExec(workspace)).toEqual([
      `${place} SP_PIPELINE_WORKSPACE the workspace can't be \`${path}\`, which the system needs`,
    ])
  })

  it.each(['{}', '{path: /usrlocal}', '{path: /srv/usr}'])('can be %s', (workspace) => {
    expect(problemsOfExec(workspace)).toEqual([])
  })
})

describe('a formatted diagnostic', () => {
  function formatted(source: string): string[] {
    const { diagnostics } = compileText(source)
    return diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, [fileOf(source)]))
  }

  it('has place, code, message, the line with carets, and the hint', () => {
    const source =
      'kind: pipeline\r\nsteps:\r\n- {name: a, image: b, comands: [c], commands: [d]}\r\n'
    expect(formatted(source)).toEqual([
      `.pipeline.yml:3:23: error SP_PIPELINE_UNKNOWN_KEY: unknown key \`comands\`
  3 | - {name: a, image: b, comands: [c], commands: [d]}
    |                       ^^^^^^^
  hint: did you mean \`commands\`? (sandpiper explain SP_PIPELINE_UNKNOWN_KEY)`,
    ])
  })

  it('shows a part of a long line', () => {
    const source = `steps: [{name: a, image: b, commands: ['${'x'.repeat(5000)}'], oops: 1}]\n`
    const [text = ''] = formatted(source)
    const [, line = '', carets = ''] = text.split('\n')
    expect(line.length).toBeLessThan(140)
    expect(line.slice(carets.indexOf('^'), carets.lastIndexOf('^') + 1)).toBe('oops')
  })

  it('holds no control characters, whatever the file holds', () => {
    const source = 'steps: []\n"\\e[31mred\\u202e": \u009b1m\t\u202ex\n'
    const text = formatted(source).join('\n')
    expect(text).toContain('red')
    // eslint-disable-next-line no-control-regex -- that is the point
    expect(text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/)
  })
})

describe('a cron in a file', () => {
  const cron = (name: string, schedule: string) =>
    `kind: cron\nname: ${name}\nspec: {schedule: '${schedule}', branch: main, deployment: {target: qa}}\n---\nkind: pipeline\nsteps: [${STEP}]\n`
  const hintOf = (text: string) => compileText(text).diagnostics[0]?.hint

  it('is warned about with the command that sets it up', () => {
    expect(hintOf(cron('nightly', '0 4 * * 1-5'))).toBe(
      "set it up once: `sandpiper cron add OWNER/NAME nightly '0 4 * * 1-5' --branch main --target qa`",
    )
  })

  it('puts no words of the file into a command that a shell could read in another way', () => {
    expect(hintOf(cron('$(id)', '@daily'))).toBe('set it up once with `sandpiper cron add`')
  })
})
