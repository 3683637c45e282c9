import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { MapNode } from '../parse/tree.js'
import { compileText, fileWithSteps, stageOf } from '../testing/compile.js'
import { substituteText } from '../testing/substitute.js'
import { createSubstitutionBudget } from './budget.js'

const VARIABLES = {
  N: '5',
  YES: 'true',
  TAG: 'v1.0',
  MESSAGE: 'a `b`; "c" $(d)\ne',
  BRANCH: 'feature/x_1',
}

function commandsOf(text: string, variables: Readonly<Record<string, string>> = VARIABLES) {
  const source = JSON.stringify({ steps: [{ name: 'a', commands: [text] }] })
  const { value, environment, diagnostics } = substituteText(source, variables)
  const { steps } = value as { steps: { commands: string[] }[] }
  return {
    command: steps[0]?.commands[0],
    environment,
    messages: diagnostics.map(({ message }) => message),
  }
}

describe('substitution in a document', () => {
  it('reads plain scalars again, and no others', () => {
    const source = `
depth: \${N}
quoted: "\${N}"
single: '\${N}'
block: |-
  \${N}
flag: \${YES}
nothing: \${DRONE_TAG}
text: x\${N}
hex: 0x\${N}
version: \${N}.10
`
    expect(substituteText(source, VARIABLES).value).toEqual({
      depth: 5,
      quoted: '5',
      single: '5',
      block: '5',
      flag: true,
      nothing: null,
      text: 'x5',
      hex: 5,
      version: 5.1,
    })
  })

  it('keeps how a number is written, and leaves keys alone', () => {
    const { document } = substituteText('${N}: ${N}.10', VARIABLES)
    const { entries } = document.root as MapNode
    expect(entries.get('${N}')?.value).toMatchObject({ text: '5.10', value: 5.1 })
  })

  it('puts in values with line breaks and quotes as they are', () => {
    const { value } = substituteText('a: "${MESSAGE}"\nb: ${MESSAGE}', VARIABLES)
    expect(value).toEqual({ a: VARIABLES.MESSAGE, b: VARIABLES.MESSAGE })
  })

  it('keeps what aliases share shared, and what does not change the same', () => {
    const { document } = substituteText(
      'a: &a [$N, {b: "${N}"}]\nb: *a\nc: &c [x]\nd: *c',
      VARIABLES,
    )
    const { entries } = document.root as MapNode
    expect(entries.get('a')?.value).toBe(entries.get('b')?.value)
    expect(entries.get('c')?.value).toBe(entries.get('d')?.value)
    expect(entries.get('a')?.value.weight).toBe(4)
  })

  it('goes through an alias bomb once', () => {
    const levels = ['a0: &a0 ["${N}"]']
    for (let level = 1; level < 200; level++) {
      levels.push(`a${level}: &a${level} [*a${level - 1}]`)
    }
    expect(substituteText(levels.join('\n'), VARIABLES).diagnostics).toEqual([])
  })

  it('tells exactly where something is wrong', () => {
    const places = (source: string) =>
      substituteText(source, VARIABLES).diagnostics.map(
        ({ start, end, code }) => `${code} ${start.line}:${start.column}-${end.column}`,
      )
    expect(places('a: x ${!y}')).toEqual(['SP_PIPELINE_SUBSTITUTION 1:6-8'])
    expect(places('a: "x ${!y}"')).toEqual(['SP_PIPELINE_SUBSTITUTION 1:7-9'])
    expect(places('a: |\n  x ${!y}\n')).toEqual(['SP_PIPELINE_SUBSTITUTION 1:4-4'])
    expect(places('steps: [{commands: ["x ${Y}"]}]')).toEqual(['SP_PIPELINE_SUBSTITUTION 1:24-28'])
  })

  it('says when it is too much', () => {
    const budget = { ...createSubstitutionBudget(), text: 100 }
    const source = `a: [${'"${MESSAGE}",'.repeat(20)}]`
    const { diagnostics } = substituteText(source, VARIABLES, { budget })
    expect(diagnostics.map(({ code }) => code)).toEqual(['SP_PIPELINE_TOO_LARGE'])
    expect(substituteText(source, VARIABLES, { budget }).diagnostics).toEqual([])
  })
})

describe('a command', () => {
  it('has plain values in its text, and others as variables', () => {
    expect(commandsOf('echo ${TAG} ${BRANCH} "${MESSAGE}" ${MESSAGE^^} "${MESSAGE}"')).toEqual({
      command:
        'echo v1.0 feature/x_1 "${SANDPIPER_SUBST_1}" ${SANDPIPER_SUBST_2} "${SANDPIPER_SUBST_1}"',
      environment: {
        SANDPIPER_SUBST_1: VARIABLES.MESSAGE,
        SANDPIPER_SUBST_2: 'A `B`; "C" $(D)\nE',
      },
      messages: [],
    })
  })

  it.each([
    'x;y',
    'a b',
    '$(id)',
    '`id`',
    '~root',
    'A=b',
    "'",
    '"',
    'a\nb',
    '*',
    '!x',
    'é',
    '{a,b}',
  ])('never has the text %j of a stranger in it', (value) => {
    const { command, environment } = commandsOf('run ${V} "${V:-x}" ${V%y}', { V: value })
    expect(command).toMatch(/^run \$\{SANDPIPER_SUBST_1\} "\$\{SANDPIPER_SUBST_1\}" \S+$/)
    expect(environment['SANDPIPER_SUBST_1']).toBe(value)
  })

  it('has what the file itself says in its text', () => {
    const source = 'steps: [{commands: ["${AXIS} ${NONE:-a b; c} ${AXIS/two/$x}"]}]'
    const { value, environment } = substituteText(
      source,
      { AXIS: 'one two' },
      { fromFile: new Set(['AXIS']) },
    )
    expect(value).toMatchObject({ steps: [{ commands: ['one two a b; c one $x'] }] })
    expect(environment).toEqual({})
  })

  it('takes a default with a value of a stranger in it for one of a stranger', () => {
    expect(commandsOf('x ${NONE:-a ${MESSAGE}}').command).toBe('x ${SANDPIPER_SUBST_1}')
  })

  it('is left alone where only the shell knows', () => {
    const text = 'echo ${DRONE_STEP_NAME} ${DRONE_BUILD_STATUS} ${arr[@]} ${X-y} $${Y} $Z'
    const { command, messages } = commandsOf(text, { DRONE_BUILD_STATUS: 'success' })
    expect(command).toBe('echo ${DRONE_STEP_NAME} ${DRONE_BUILD_STATUS} ${arr[@]} ${X-y} ${Y} $Z')
    expect(messages).toEqual([
      '`${` has `[` where an operator or `}` must be, so it is left to the shell',
    ])
  })

  it('loses names that are not known, with a warning unless they are only empty now', () => {
    const { command, messages } = commandsOf('x ${DRONE_TAG}${FOO} ${BAR:-d} ${DRONE_STEP_NAME^}')
    expect(command).toBe('x  d ')
    expect(messages).toEqual([
      '`${FOO}` is replaced by nothing, because `FOO` is not known before the step runs',
      '`${BAR:-d}` is always replaced by its default, because `BAR` is not known before the step runs',
      '`${DRONE_STEP_NAME^}` is replaced by nothing, because `DRONE_STEP_NAME` is known only when the step runs',
    ])
  })

  it('is told when the environment of the step has the name', () => {
    const source = `
environment: {ALL: 1}
steps:
- environment: {OWN: 2}
  commands: ["\${OWN}", "\${ALL}", "\${OTHER}", "\${DRONE_NETRC_FILE}"]
`
    expect(substituteText(source, {}).diagnostics.map(({ hint }) => hint)).toEqual([
      "`environment` sets it for the step only: write `$OWN` or `$${OWN}` to mean the shell's own",
      "`environment` sets it for the step only: write `$ALL` or `$${ALL}` to mean the shell's own",
      "write `$OTHER` or `$${OTHER}` to mean the shell's own",
      'it is set never: the checkout alone has credentials',
    ])
  })

  it('is warned about single quotes, which shells look through in no way', () => {
    const told = (text: string) => commandsOf(text).messages.length
    expect(told("echo '${MESSAGE}'")).toBe(1)
    expect(told('echo "it\'s ${MESSAGE}"')).toBe(0)
    expect(told("# don't\necho ${MESSAGE}")).toBe(0)
    expect(told("echo \\' ${MESSAGE}")).toBe(0)
    expect(told("echo '${TAG}'")).toBe(0)
    expect(told("echo a#b'${MESSAGE}'")).toBe(1)
  })

  it('is also what a health check and a program that is a shell run', () => {
    const source = `
services:
- entrypoint: [/bin/sh, -c]
  command: ["echo \${MESSAGE}"]
  healthcheck: {command: "test \${MESSAGE}"}
- entrypoint: [printf]
  command: ["\${MESSAGE}"]
  healthcheck: {command: [test, "\${MESSAGE}"]}
`
    const { value } = substituteText(source, VARIABLES)
    expect(value).toEqual({
      services: [
        {
          entrypoint: ['/bin/sh', '-c'],
          command: ['echo ${SANDPIPER_SUBST_1}'],
          healthcheck: { command: 'test ${SANDPIPER_SUBST_1}' },
        },
        {
          entrypoint: ['printf'],
          command: [VARIABLES.MESSAGE],
          healthcheck: { command: ['test', VARIABLES.MESSAGE] },
        },
      ],
    })
  })

  it('never runs what a stranger wrote, whatever the operators', () => {
    const operator = fc.constantFrom(
      ...['', ':0:3', ':1', '##a', '%b', '/a/b', '//x/y', '^^', ',,', ':-z', '=${V}', ':-${V}'],
    )
    fc.assert(
      fc.property(fc.string(), fc.array(operator), (value, operators) => {
        const text = operators.map((one) => `\${V${one}}`).join(' ')
        const { command = '' } = commandsOf(`x ${text}`, { V: value })
        const rest = command.replaceAll(/\$\{SANDPIPER_SUBST_\d+\}/g, '')
        expect(rest).toMatch(/^[\w./:@%+,\- ]*$/)
      }),
      { numRuns: 500 },
    )
  })
})

describe('a part of a value', () => {
  it('is told of where bash would give something else', () => {
    expect(commandsOf('${TAG:0:9} ${TAG::2} ${TAG:(-1)} ${TAG:0:2} ${TAG:1}').messages).toEqual([
      '`${TAG:0:9}` is empty, because the value is not longer than that',
      '`${TAG::2}` is the whole value, because its position or length is no number',
      '`${TAG:(-1)}` is the whole value, because its position or length is no number',
    ])
  })
})

describe('a compiled pipeline', () => {
  it('knows its stage and not its environment', () => {
    const stage = stageOf(`name: hello
platform: {arch: arm64}
environment: {OWN: x}
clone:
  depth: \${DRONE_BUILD_NUMBER}1
steps:
- name: a
  image: alpine:\${DRONE_STAGE_ARCH}-\${DRONE_STAGE_NAME}-\${DRONE_STAGE_OS}
  commands: ["x \${OWN}", "say \${DRONE_COMMIT_MESSAGE}"]
`)
    expect(stage).toMatchObject({
      clone: { depth: 1 },
      environment: { OWN: 'x', SANDPIPER_SUBST_1: 'Greet the world' },
      steps: [
        { kind: 'clone' },
        { image: 'alpine:arm64-hello-linux', commands: ['x ', 'say ${SANDPIPER_SUBST_1}'] },
      ],
    })
  })

  it('is refused when its text grows beyond measure', () => {
    const steps = Array.from(
      { length: 500 },
      (_, index) => `name: s${index}, environment: {A: "\${DRONE_COMMIT_MESSAGE}"}`,
    )
    const { diagnostics } = compileText(fileWithSteps(steps), { message: 'x'.repeat(32_000) })
    expect(diagnostics.map(({ code }) => code)).toContain('SP_PIPELINE_TOO_LARGE')
  })
})

describe('substitution in an expression', () => {
  const expressionOf = (text: string, variables: Readonly<Record<string, string>>) => {
    const source = JSON.stringify({ trigger: [{ evaluate: text }] })
    const { trigger } = substituteText(source, variables).value as {
      trigger: [{ evaluate: string }]
    }
    return trigger[0].evaluate
  }

  it.each([
    ['"${M}" contains "x"', 'a" == "a', '"a\\" == \\"a" contains "x"'],
    ["'${M}' == 'x'", "x' || 'a' == 'a", "'x\\' || \\'a\\' == \\'a' == 'x'"],
    ['${M} == "x"', 'true || "x"', '"true || \\"x\\"" == "x"'],
    ['${M} > 4', '5', '5 > 4'],
    ['"${M}"', 'a\\', '"a\\\\"'],
    ['"a\\"${M}"', 'b"', '"a\\"b\\""'],
    ['"${M}"', 'a\nb', '"a\\nb"'],
  ])('keeps the value a text: %j with %j', (text, M, expected) => {
    expect(expressionOf(text, { M })).toBe(expected)
  })

  it('never lets a value decide by what it looks like', () => {
    const source = `kind: pipeline
trigger: {evaluate: '"\${DRONE_COMMIT_MESSAGE}" == "release"'}
steps: [{name: a, image: b, commands: [c]}]
`
    for (const message of ['x" != "y', '" || true || "', 'x" == "x" ? true : "']) {
      expect(compileText(source, { message }).plan?.stages).toEqual([])
    }
    expect(compileText(source, { message: 'release' }).plan?.stages).toHaveLength(1)
  })
})
