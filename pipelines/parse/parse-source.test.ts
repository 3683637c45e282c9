import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { stringify, type ToStringOptions } from 'yaml'
import { createReporter, type Reporter } from '../diagnostics/reporter.js'
import { createBudget, parseSource } from './parse-source.js'
import type { Node } from './tree.js'

function parse(text: string): { roots: Node[]; problems: string[] } {
  const reporter = createReporter()
  const documents = parseSource({ file: 'f', text }, createBudget(), reporter)
  const problems = reporter
    .diagnostics()
    .map(({ start, severity, message }) => `${start.line}:${start.column} ${severity} ${message}`)
  return { roots: documents.map(({ root }) => root), problems }
}

/** A node as the value it stands for. */
function valueOf(node: Node): unknown {
  if (node.kind === 'scalar') return node.value
  if (node.kind === 'list') return node.items.map(valueOf)
  return Object.fromEntries([...node.entries].map(([key, { value }]) => [key, valueOf(value)]))
}

function valuesOf(text: string): unknown[] {
  const { roots, problems } = parse(text)
  expect(problems).toEqual([])
  return roots.map(valueOf)
}

/** Every scalar with the source text of its span. */
function spansOf(text: string): Record<string, string> {
  const [root] = parse(text).roots
  if (root?.kind !== 'map') throw new Error('not a mapping')
  const entries = [...root.entries.values()]
  return Object.fromEntries(
    entries.map(({ key, value: { span } }) => [key, text.slice(span.start, span.end)]),
  )
}

/** The codes of all errors that are reported for a text, listed or not. */
function reportsOf(text: string): string[] {
  const codes: string[] = []
  const reporter: Reporter = { ...createReporter(), error: (code) => codes.push(code) }
  parseSource({ file: 'f', text }, createBudget(), reporter)
  return codes
}

describe('parseSource', () => {
  it('reads scalars as the core schema of YAML 1.2, whatever version is named', () => {
    const text =
      '%YAML 1.1\n---\n[on, no, 0o17, 0x1F, 1_0, 1.10, 1e3, .5, ~, "1", TRUE, -.inf, 010]\n'
    expect(valuesOf(text)).toEqual([
      ['on', 'no', 15, 31, '1_0', 1.1, 1000, 0.5, null, '1', true, -Infinity, 10],
    ])
  })

  it('keeps how a number was written', () => {
    const [root] = parse('[1.10, 0o17, TRUE]').roots
    expect(
      root?.kind === 'list' && root.items.map((item) => item.kind === 'scalar' && item.text),
    ).toEqual(['1.10', '0o17', 'TRUE'])
  })

  it('reads back whatever is written as YAML', () => {
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.string({ unit: 'grapheme' }),
        fc.constantFrom(
          '- a',
          '# b',
          'c: d',
          '&e',
          '*f',
          '! g',
          'null',
          '0x1',
          '---',
          '...',
          '\n',
          ' x\n\ny ',
        ),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.stringMatching(/^[a-z_]{1,8}$/), tie('value'), { maxKeys: 4 }),
      ),
    }))
    const options = fc.record({
      collectionStyle: fc.constantFrom('any', 'block', 'flow'),
      defaultStringType: fc.constantFrom('PLAIN', 'QUOTE_SINGLE', 'QUOTE_DOUBLE', 'BLOCK_LITERAL'),
    }) as fc.Arbitrary<ToStringOptions>
    fc.assert(
      fc.property(value, options, (data, style) => {
        expect(valuesOf(stringify({ data }, style))).toEqual([{ data }])
      }),
      { numRuns: 500 },
    )
  })

  it('knows where each value stands', () => {
    const text = `plain: a b # c
single: 'it''s'
double: "q"
block: | # > not this
  text
flow: [a, {b: c}, ]
list:
  - x
  - y
anchored: &n [1]
`
    expect(spansOf(text)).toEqual({
      plain: 'a b',
      single: "'it''s'",
      double: '"q"',
      block: '| # > not this\n  text\n',
      flow: '[a, {b: c}, ]',
      list: '- x\n  - y',
      anchored: '[1]',
    })
  })

  it('places what is not there behind what asks for it', () => {
    const text = 'a: # none\nb:\n- # one\n-\n'
    const [root] = parse(text).roots
    if (root?.kind !== 'map') throw new Error('not a mapping')
    const [a, b] = [...root.entries.values()].map(({ value }) => value)
    expect(a?.span.start).toBe(2)
    expect(b?.kind === 'list' && b.items.map(({ span }) => span.start)).toEqual([14, 22])
  })

  it('merges mappings and, as Woodpecker does, lists', () => {
    expect(valuesOf('x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}\n')).toEqual([
      { x: { a: 1, b: 2 }, y: { b: 3, a: 1 } },
    ])
    expect(valuesOf('x: &x [1, 2]\ny: &y [3]\nz: [0, <<: *x, {<<: [*y, *x]}, 4]\n')).toMatchObject([
      { z: [0, 1, 2, 3, 1, 2, 4] },
    ])
    expect(valuesOf('x: &x {a: 1}\nz: [{<<: [*x]}, {<<: *x}]\n')).toMatchObject([
      { z: [{ a: 1 }, { a: 1 }] },
    ])
  })

  it('takes the last of two values for one key, and says so', () => {
    const { roots, problems } = parse('a: 1\na: 2\n')
    expect(roots.map(valueOf)).toEqual([{ a: 2 }])
    expect(problems).toEqual(['2:1 warning the key `a` is there twice'])
  })

  it('leaves out documents without content', () => {
    expect(valuesOf('---\n---\na: 1\n...\n---\n# nothing\n')).toEqual([{ a: 1 }])
    expect(valuesOf('')).toEqual([])
  })

  it.each(['...', '... # end', '...\r'])('reads nothing behind a line %j', (line) => {
    const { roots, problems } = parse(`a: 1\n${line}\n# comment\n---\n\nb: [\n`)
    expect(roots.map(valueOf)).toEqual([{ a: 1 }])
    expect(problems).toEqual([
      '6:1 warning a line `...` ends the file, so what comes after it is not read',
    ])
    expect(valuesOf(`a: 1\n${line}\n---\n# nothing\n...\n`)).toEqual([{ a: 1 }])
  })

  it('takes three dots for text where they do not stand alone at the start of a line', () => {
    const text = 'a: |\n  ...\n  x\nb: "\n  ...\n  y"\nc: ...\n---\n...z\n'
    expect(valuesOf(text)).toEqual([{ a: '...\nx\n', b: ' ... y', c: '...' }, '...z'])
  })

  it('takes tabs between values, also in flow collections', () => {
    expect(valuesOf('a:\tb\t# c\nd: [e,\tf,\t\t{\tg: "h\ti"}\t]\n')).toEqual([
      { a: 'b', d: ['e', 'f', { g: 'h\ti' }] },
    ])
  })

  it('takes any number of tabs in flow collections, and keeps those in values', () => {
    const items = Array.from({ length: 100 }, (_, index) => `${index},\t`).join('')
    const lines = '\tx,\n'.repeat(100)
    const values = 'b: |\n  a,\tb\n  \t[c,\td]\nc: ["[\t", \'{\t\', p\tq, "r\n \ts"] # \t[\td: e\n'
    const text = `a: [\n ${items}\n${lines}\t]\n${values}d:\t{\t"e"\t:\tf\t}\n`
    const numbers = Array.from({ length: 100 }, (_, index) => index)
    expect(valuesOf(text)).toEqual([
      {
        a: [...numbers, ...Array.from({ length: 100 }, () => 'x')],
        b: 'a,\tb\n\t[c,\td]\n',
        c: ['[\t', '{\t', 'p\tq', 'r s'],
        d: { e: 'f' },
      },
    ])
    expect(parse('a: [b,\tc]\nd:\n\te: f\n').problems).not.toEqual([])
  })

  it('takes `${}` as text where YAML would see a mapping in it', () => {
    const text = 'a: [${A}, "x${B}", {c: ${C:-d: e}}]\nf: |\n  ${G}\n'
    expect(valuesOf(text)).toEqual([{ a: ['${A}', 'x${B}', { c: '${C:-d: e}' }], f: '${G}\n' }])
    expect(spansOf(text)).toMatchObject({ a: '[${A}, "x${B}", {c: ${C:-d: e}}]' })
    expect(parse('a: [${A}\nb: ${B}\n').problems[0]).toMatch(/^\d:1 error/)
  })

  it('tells every error of a broken file, and reads its sound documents all the same', () => {
    const { roots, problems } = parse('a: b: c\n---\nd: [e\n---\nf: g\n')
    expect(problems.map((problem) => problem.split(' ').slice(0, 2).join(' '))).toEqual([
      '1:4 error',
      '4:1 error',
    ])
    expect(roots.map(valueOf)).toEqual([{ f: 'g' }])
  })

  it.each([
    ['!ref x', '1:1 error the tag `!ref` is not known'],
    ['*gone', '1:1 error there is no anchor &`gone`'],
    ['? [a]\n: b', '1:3 error a key must be text'],
  ])('refuses %j', (text, problem) => {
    expect(parse(text).problems).toEqual([problem])
  })

  it('tells once of each merge key what it can not merge, within the limit on nodes', () => {
    expect(reportsOf('l: &l [1, 2, 3]\nm: {<<: *l}\n')).toEqual(['SP_PIPELINE_YAML'])
    const list = `l: &l [${'1,'.repeat(700)}]\nm:\n`
    const codes = reportsOf(list + '- {<<: *l, a: 1}\n'.repeat(50_000))
    expect(codes.length).toBeLessThan(500)
    expect(codes.at(-1)).toBe('SP_PIPELINE_TOO_LARGE')
  })
})
