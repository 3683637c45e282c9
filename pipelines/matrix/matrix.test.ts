import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Dialect } from '../convert/dialect.js'
import { createReporter } from '../diagnostics/reporter.js'
import { createBudget, parseSource } from '../parse/parse-source.js'
import { compileText, fileOf, planOf, problemsOf } from '../testing/compile.js'
import { combinationsOf } from './expand-matrix.js'

function expand(source: string, dialect: Dialect = 'sandpiper') {
  const reporter = createReporter()
  const budget = createBudget()
  const [document] = parseSource(fileOf(source), budget, reporter)
  if (document === undefined) throw new Error('no document')
  const combinations = combinationsOf(document, reporter, { dialect, budget })
  const problems = reporter
    .diagnostics()
    .map(({ start, severity, message }) => `${start.line}:${start.column} ${severity} ${message}`)
  return { combinations, problems }
}

describe('a matrix', () => {
  it('is not there, or empty: the pipeline runs once', () => {
    for (const source of ['name: a', 'matrix:', 'matrix: {}', 'matrix: {include: []}', '[a]']) {
      expect(expand(source)).toEqual({ combinations: [{}], problems: [] })
    }
  })

  it('is crossed with the first axis slowest, values as they are written', () => {
    const { combinations } = expand('matrix: {GO: [1.10, 0x1f, 1.10], OS: [a, b], LINT: NO}')
    expect(combinations).toEqual([
      { GO: '1.10', OS: 'a', LINT: 'NO' },
      { GO: '1.10', OS: 'b', LINT: 'NO' },
      { GO: '0x1f', OS: 'a', LINT: 'NO' },
      { GO: '0x1f', OS: 'b', LINT: 'NO' },
    ])
  })

  it('loses what is excluded, then gains what is included, each once', () => {
    const { combinations, problems } = expand(`
matrix:
  A: [1, 2]
  B: [x, y]
  exclude: [{A: 1}, {A: 2, B: y}]
  include: [{A: 1, B: x}, {C: z}, {B: x, A: 2}]
`)
    expect(combinations).toEqual([{ A: '2', B: 'x' }, { A: '1', B: 'x' }, { C: 'z' }])
    expect(problems).toEqual([])
  })

  it('is only what is included where there is nothing else', () => {
    const source = 'matrix: {include: [{A: 1, B: x}, {A: 2}]}'
    expect(expand(source).combinations).toEqual([{ A: '1', B: 'x' }, { A: '2' }])
  })

  it.each(['woodpecker', 'drone-0.8'] as const)(
    'is what is included, in files of %s',
    (dialect) => {
      const source = 'matrix: {A: [1, 2], include: [{A: 3}]}'
      expect(expand(source, dialect).combinations).toEqual([{ A: '3' }])
      expect(expand(source).combinations).toHaveLength(3)
    },
  )

  it.each([
    ['matrix: [a]', '1:9 error `matrix` must be a mapping, but it is a list'],
    [
      'matrix: {A: {b: c}}',
      '1:13 error the axis `A` must be a list of values, but it is a mapping',
    ],
    [
      'matrix: {A: [[b]]}',
      '1:14 error a value of the axis `A` must be one line of text, but it is a list',
    ],
    [
      'matrix: {A: [~]}',
      '1:14 error a value of the axis `A` must be one line of text, but it is empty',
    ],
    [
      'matrix: {A: ["b\\nc"]}',
      '1:14 error a value of the axis `A` must be one line of text, but it is more or less than that',
    ],
    ['matrix: {"A=B": [x]}', "1:10 error `A=B` can't be the name of an axis, which is a variable"],
    ['matrix: {include: x}', '1:19 error `include` of a matrix must be a list, but it is text'],
    [
      'matrix: {exclude: [x]}',
      '1:20 error an entry of `exclude` must be a mapping of axes to values, but it is text',
    ],
    [
      'matrix: {A: [1], exclude: [{A: 1}]}',
      '1:1 error the matrix has no combination left: `exclude` takes all of them',
    ],
    ['matrix: {A: []}', '1:10 warning the axis `A` has no values, so it has no part in the matrix'],
    [
      'matrix: {A: [1], exclude: [{A: 2}]}',
      '1:28 warning no combination of the matrix has these values, so `exclude` leaves none out',
    ],
  ])('%s: %s', (source, problem) => {
    expect(expand(source).problems).toContain(problem)
  })

  it('is never cut short: too many combinations are an error that says how many', () => {
    const axis = (count: number) => `[${Array.from({ length: count }, (_, index) => index).join()}]`
    expect(expand(`matrix: {A: ${axis(16)}, B: ${axis(16)}}`).combinations).toHaveLength(256)
    expect(expand(`matrix: {A: ${axis(257)}}`).problems).toEqual([
      '1:1 error the matrix has 257 combinations, more than 256',
    ])
    const huge = Array.from({ length: 9 }, (_, index) => `A${index}: ${axis(10)}`)
    expect(expand(`matrix: {${huge.join()}}`).problems).toEqual([
      '1:1 error the matrix has 1000000000 combinations, more than 256',
    ])
  })

  it('has as many combinations as values multiplied, all different', () => {
    const axes = fc.uniqueArray(fc.constantFrom('A', 'B', 'C', 'D'), { maxLength: 4 })
    const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 4, maxLength: 4 })
    fc.assert(
      fc.property(axes, sizes, (names, counts) => {
        const written = names.map((name, index) => {
          const values = Array.from({ length: counts[index] ?? 1 }, (_, value) => `v${value}`)
          return `${name}: [${values.join()}]`
        })
        const { combinations } = expand(`matrix: {${written.join()}}`)
        const product = names.reduce((sum, _, index) => sum * (counts[index] ?? 1), 1)
        expect(combinations).toHaveLength(product)
        expect(new Set(combinations.map((one) => JSON.stringify(one))).size).toBe(product)
      }),
    )
  })

  it('counts with the size of what it copies', () => {
    const bag = `bag: [${'x,'.repeat(2000)}]`
    const values = Array.from({ length: 200 }, (_, index) => index).join()
    const { combinations, problems } = expand(`${bag}\nmatrix: {A: [${values}]}`)
    expect(combinations).toEqual([{}])
    expect(problems).toEqual([
      '2:1 error with a copy of the pipeline for each combination the file is too large',
    ])
  })

  it('costs little, however it is written', () => {
    const values = Array.from({ length: 64 }, (_, index) => `v${index}`).join()
    const rows = Array.from({ length: 200 }, (_, index) => `{A: v1, B: x${index}}`).join()
    const one = `---\nname: a\nsteps: []\nmatrix: {A: [${values}], B: [${values}], exclude: [${rows}]}\n`
    const before = process.cpuUsage()
    const { plan } = compileText(one.repeat(200))
    expect(process.cpuUsage(before).user).toBeLessThan(5_000_000)
    expect(plan).toBeNull()
  })
})

const FILE = `name: test
matrix:
  GO: [1.10, 1.22]
  DB: [mysql, pg]
  exclude: [{GO: 1.22, DB: pg}]
environment: {DB: other}
steps:
- name: unit
  image: golang:\${GO}
  commands: ["test \${GO} \${DB}"]
- name: lint
  image: lint
  commands: [lint]
  when: {matrix: {DB: pg}}
---
name: deploy
depends_on: [test]
steps: [{name: a, image: b, commands: [c]}]
`

describe('the stages of a matrix', () => {
  it('have its values as variables of their steps, under those of the pipeline', () => {
    const { stages } = planOf(FILE)
    expect(stages.map(({ name }) => name)).toHaveLength(4)
    expect(new Set(stages.map(({ name }) => name)).size).toBe(4)
    expect(stages[0]).toMatchObject({
      matrix: { GO: '1.10', DB: 'mysql' },
      environment: { GO: '1.10', DB: 'other' },
      steps: [{ kind: 'clone' }, { image: 'golang:1.10', commands: ['test 1.10 mysql'] }],
    })
  })

  it('are told apart by name, and are all waited for', () => {
    const { stages } = planOf(FILE)
    const names = stages.map(({ name }) => name)
    expect(names.slice(0, 3).every((name) => name.startsWith('test ('))).toBe(true)
    expect(stages.at(-1)?.dependsOn).toEqual(names.slice(0, 3))
  })

  it('have conditions of their own', () => {
    const steps = planOf(FILE).stages.map((stage) => stage.steps.map(({ name }) => name))
    expect(steps.slice(0, 3).map((names) => names.includes('lint'))).toEqual([false, true, false])
  })

  it('lack an axis without a word where their combination has no value for it', () => {
    const source = FILE.replace('exclude: [{GO: 1.22, DB: pg}]', 'include: [{GO: 2}]').replace(
      'lint]',
      '"lint ${DB}"]',
    )
    expect(problemsOf(source)).toEqual([])
  })

  it('are not warned about twice', () => {
    const source = FILE.replace('lint]', '"lint ${OOPS}"]')
    expect(problemsOf(source).filter((one) => one.includes('OOPS'))).toHaveLength(1)
  })
})
