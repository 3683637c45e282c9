import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { compilePipeline, type CompileResult } from '../compile/compile-pipeline.js'
import type { StagePlan } from '../plan.js'
import { pushInput } from '../testing/events.js'
import { readTemplate } from './template-text.js'

function compile(
  text: string,
  files: Record<string, string | null>,
  file = '.pipeline.yml',
): CompileResult {
  return compilePipeline([{ file, text }], {
    ...pushInput(),
    files: new Map(Object.entries(files)),
  })
}

function stagesOf(text: string, files: Record<string, string | null>): readonly StagePlan[] {
  const { plan, diagnostics } = compile(text, files)
  expect(diagnostics).toEqual([])
  return plan?.stages ?? []
}

function problemsOf(text: string, files: Record<string, string | null>, file?: string): string[] {
  return compile(text, files, file).diagnostics.map(
    ({ file: place, start, message }) => `${place}:${start.line}:${start.column} ${message}`,
  )
}

const namesOf = ({ steps }: StagePlan): string[] => steps.map(({ name }) => name)

const TEMPLATE = `kind: pipeline
name: {{ .input.name }}
steps:
  - name: build
    image: golang:{{ .input.version }}
    commands: {{ .input.commands }}
    environment:
      LEVEL: {{ .input.level }}
      TEXT: "v{{- .input.version -}}!"
`

describe('a template', () => {
  it('is replaced by the documents of its file, with the values put in', () => {
    const text = `kind: template
load: ci/go.yml
data: {name: main, version: 1.20, commands: [go vet, go test], level: 3}
`
    const [stage] = stagesOf(text, { 'ci/go.yml': TEMPLATE })
    expect(stage?.name).toBe('main')
    expect(stage?.steps[1]).toMatchObject({
      image: 'golang:1.20',
      commands: ['go vet', 'go test'],
      environment: { LEVEL: '3', TEXT: 'v1.20!' },
    })
  })

  it('can be used more than once, and can use others', () => {
    const text = ['a', 'b']
      .map((name) => `kind: template\nload: ./outer.yml\ndata: {name: ${name}}\n`)
      .join('---\n')
    const outer = 'kind: template\nload: inner.yml\ndata: {name: "in-{{ .input.name }}"}\n'
    const inner = 'name: {{ .input.name }}\nsteps: [{name: x, image: i, commands: [a]}]\n'
    const stages = stagesOf(text, { 'outer.yml': outer, 'inner.yml': inner })
    expect(stages.map(({ name }) => name)).toEqual(['in-a', 'in-b'])
  })

  it('has the facts of build and repo as variables, which commands get unharmed', () => {
    const file =
      'steps: [{name: x, image: "i:{{ .build.branch }}", commands: ["echo {{ .repo.name }}"]}]\n'
    const [stage] = stagesOf('kind: template\nload: t.yml\n', { 't.yml': file })
    expect(stage?.steps[1]).toMatchObject({ image: 'i:main', commands: ['echo hello'] })
  })

  it('leaves the braces of others alone', () => {
    const file = `steps:
  - name: x
    image: i
    commands:
      - echo '{{ checksum "go.mod" }}' {{ "{{" }}x{{ \`}}\` }}
`
    const [stage] = stagesOf('kind: template\nload: t.yml\n', { 't.yml': file })
    expect(stage?.steps[1]).toMatchObject({
      commands: [`echo '{{ checksum "go.mod" }}' {{x}}`],
    })
  })

  it.each([
    [
      'asks for a value that is not given',
      'name: {{ .input.gone }}',
      't.yml:1:7 `.input.gone` has no value',
    ],
    [
      "has logic of Go's templates",
      'steps:\n{{ range .input.list }}\n- name: x\n{{ end }}',
      "t.yml:2:1 `{{ range .input.list }}` is logic of Go's templates, which is not supported",
    ],
    [
      'puts a list into text',
      'name: "x {{ .input.list }}"',
      "t.yml:1:10 `.input.list` is a list, which can't stand in text",
    ],
    [
      'asks for what Drone does not have',
      'name: {{ .build.secret }}',
      't.yml:1:7 `.build.secret` is not known',
    ],
  ])('is refused when it %s', (_what, file, problem) => {
    const text = 'kind: template\nload: t.yml\ndata: {list: [1]}\n'
    expect(problemsOf(text, { 't.yml': `${file}\n` })).toContain(problem)
  })

  it('tells what is wrong in its own file, where it is', () => {
    const problems = problemsOf('kind: template\nload: t.yml\n', {
      't.yml': '# one\nkind: pipeline\nsteps:\n- name: x\n  comands: [a]\n  image: i\n',
    })
    expect(problems).toEqual(['t.yml:5:3 unknown key `comands`'])
  })

  it("says where Drone's templates went", () => {
    const { diagnostics } = compile(
      'kind: template\nload: t.yml\n',
      { 't.yml': null },
      '.drone.yml',
    )
    expect(diagnostics[0]?.hint).toMatch(/^Drone keeps templates in its database/)
  })

  it('is refused in Starlark and Jsonnet', () => {
    expect(problemsOf('kind: template\nload: t.star\n', {})).toEqual([
      '.pipeline.yml:2:7 templates in Starlark are not supported',
    ])
  })
})

describe('an entry that includes a file', () => {
  const text = `steps:
  - {name: a, image: i, commands: [a]}
  - include: ci/steps.yml
    data: {image: j}
  - {name: d, image: i, commands: [d]}
`

  it.each([
    ['a list', '- {name: b, image: "{{ .input.image }}", commands: [b]}\n- include: more.yml\n'],
    [
      'a mapping',
      'steps:\n- {name: b, image: {{ .input.image }}, commands: [b]}\n- include: more.yml\n',
    ],
  ])('is replaced by the steps in it: %s', (_what, file) => {
    const more = '- {name: c, image: i, commands: [c]}\n'
    const [stage] = stagesOf(text, { 'ci/steps.yml': file, 'more.yml': more })
    expect(stage && namesOf(stage)).toEqual(['clone', 'a', 'b', 'c', 'd'])
    expect(stage?.steps[2]).toMatchObject({ image: 'j', dependsOn: ['a'] })
  })

  it('tells which files are wanted, one round after the other', () => {
    const first = compile(text, {})
    expect(first).toMatchObject({ plan: null, diagnostics: [], wanted: ['ci/steps.yml'] })
    const second = compile(text, { 'ci/steps.yml': '- include: more.yml\n' })
    expect(second.wanted).toEqual(['more.yml'])
  })

  it.each([
    ['is not there', 'a.yml', null, 'there is no file `a.yml` in the repo'],
    ['has no steps', 'a.yml', 'x: 1', '`a.yml` has no list of steps'],
    ['has two documents', 'a.yml', '- x\n---\n- y', '`a.yml` has no list of steps'],
    [
      'includes itself',
      'a.yml',
      '- include: ./a.yml',
      'files include each other: `a.yml` includes `a.yml`',
    ],
    ['is outside of the repo', '../a.yml', null, 'the path must not leave the repo with `..`'],
    [
      'is of the host',
      '/etc/passwd',
      null,
      'the path must start at the root of the repo, without `/`',
    ],
    ['is in .git', '.git/config', null, 'the path is in the folder of git itself'],
  ])('is refused when the file %s', (_what, path, file, problem) => {
    const problems = problemsOf(`steps:\n- include: ${path}\n`, { [path]: file })
    expect(problems.map((one) => one.replace(/^\S+ /, ''))).toContain(problem)
  })

  it('is bounded in number, depth and what it writes out', () => {
    const many = `steps:\n${'- include: a.yml\n'.repeat(60)}`
    const step = '- {name: x, image: i, commands: [a]}\n'
    expect(problemsOf(many, { 'a.yml': step }).join()).toContain('more than 50 includes')
    const chain = Object.fromEntries(
      Array.from({ length: 20 }, (_, at) => [`${at}.yml`, `- include: ${at + 1}.yml\n`]),
    )
    expect(problemsOf('steps:\n- include: 0.yml\n', chain).join()).toContain('10 levels of')
    const large = `- {name: x, image: i, commands: [${'a,'.repeat(50_000)}]}\n`
    expect(problemsOf(many, { 'a.yml': large }).join()).toContain('the file is too large')
  })

  it('takes no other keys', () => {
    const problems = problemsOf('steps:\n- include: a.yml\n  image: x\n', {
      'a.yml': '- {name: x, image: i}',
    })
    expect(problems[0]).toBe('.pipeline.yml:3:3 `image` is not allowed beside `include`')
  })
})

describe('readTemplate', () => {
  it('takes time in proportion to the text, whatever braces are in it', () => {
    const hostile = ['{{', '{{ "', '{{ `', '{{- '].map((piece) => piece.repeat(250_000) + '}}')
    for (const text of hostile) expect(readTemplate(text).text).toHaveLength(text.length)
  })

  it('leaves braces alone that close on another line', () => {
    expect(readTemplate('{{if\n}}')).toEqual({ text: '{{if\n}}', actions: [] })
  })

  it('keeps the length of every text, and never throws', () => {
    const piece = fc.constantFrom(
      '{{',
      '}}',
      '{',
      '}',
      ' .input.a ',
      '"',
      '`',
      'if',
      '-',
      ' ',
      '\n',
      '\ue000',
      'x',
    )
    fc.assert(
      fc.property(
        fc.array(piece).map((pieces) => pieces.join('')),
        (text) => {
          const template = readTemplate(text)
          expect(template.text).toHaveLength(text.length)
          expect(template.text.split('\n')).toHaveLength(text.split('\n').length)
          expect(() => compile('kind: template\nload: t.yml\n', { 't.yml': text })).not.toThrow()
        },
      ),
    )
  })
})

describe('a template that makes much text of a little', () => {
  const large = 'x'.repeat(500_000)
  const main = `steps: [{include: t.yml, data: {x: ${large}}}]\n`
  const entries = (line: (index: number) => string): string =>
    Array.from({ length: 20_000 }, (_, index) => line(index)).join('')

  it.each([
    ['commands', entries(() => '    - "{{ .input.x }}a"\n')],
    ['keys', `    - {${entries((index) => `"{{ .input.x }}${index}": 1, `)}}\n`],
    ['one scalar', `    - "${'{{ .input.x }}'.repeat(50_000)}"\n`],
  ])('is told of once, before the text is made: %s', (_what, commands) => {
    const template = `- name: a\n  image: b\n  commands:\n${commands}`
    const { plan, diagnostics } = compile(main, { 't.yml': template })
    expect(plan).toBeNull()
    const told = diagnostics.filter(({ message }) => message.includes('the text of templates'))
    expect(told.map(({ code }) => code)).toEqual(['SP_PIPELINE_TOO_LARGE'])
    expect(diagnostics.map(({ code }) => code)).not.toContain('SP_PIPELINE_INTERNAL')
  })
})
