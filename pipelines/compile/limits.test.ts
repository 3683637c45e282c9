import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { DIAGNOSTICS_MAX, SOURCE_LENGTH_MAX } from '../limits.js'
import type { KnownTexts } from '../parse/budget.js'
import { compileText, fileOf, fileWithSteps, problemsOf } from '../testing/compile.js'
import { pushInput } from '../testing/events.js'
import { compilePipeline } from './compile-pipeline.js'

const STEP = '{name: a, image: alpine, commands: [make]}'

/** A list of aliases over nine levels: a billion nodes when written out. */
function aliasBomb(): string {
  const levels = ['a: &a0 [x,x,x,x,x,x,x,x,x,x]']
  for (let level = 1; level < 9; level++) {
    const aliases = Array.from({ length: 10 }, () => `*a${level - 1}`).join(',')
    levels.push(`b${level}: &a${level} [${aliases}]`)
  }
  return `${levels.join('\n')}\nsteps: *a8\n`
}

/** 10,000 mappings that each merge a mapping of 20,000 keys. */
function mergeBomb(): string {
  const keys = Array.from({ length: 20_000 }, (_, index) => `k${index}: v`).join(', ')
  const steps = '  - {<<: *e}\n'.repeat(10_000)
  return `environment: &e {${keys}}\nsteps:\n${steps}`
}

/** 9,000 steps that each carry the pipeline's variables. */
function environmentBomb(): string {
  const keys = Array.from({ length: 1000 }, (_, index) => `k${index}: v`).join(', ')
  const steps = Array.from({ length: 9000 }, (_, index) => `name: s${index}, environment: *e`)
  return fileWithSteps(steps, `environment: &e {${keys}}\n`)
}

/** 4,000 services that 5,000 steps would wait for: told before anything walks along the edges. */
function servicesBomb(): string {
  const services = Array.from({ length: 4000 }, (_, index) => `  - {name: v${index}, image: a}\n`)
  const steps = Array.from({ length: 5000 }, (_, index) => `name: s${index}`)
  const graph = fileWithSteps(['name: first, depends_on: [clone]', ...steps])
  return `trigger: {event: tag}\nservices:\n${services.join('')}${graph}`
}

/** 400 steps before, 400 after a step that is left out: 160,000 edges once it is bridged. */
function edgeBomb(): string {
  const before = Array.from({ length: 400 }, (_, index) => `b${index}`)
  const after = Array.from({ length: 400 }, (_, index) => `name: a${index}, depends_on: [gone]`)
  return fileWithSteps([
    ...before.map((name) => `name: ${name}`),
    `name: gone, depends_on: [${before.join(', ')}], when: {event: tag}`,
    ...after,
  ])
}

describe('a file over the limits', () => {
  it.each<[string, () => string]>([
    ['is too long', () => '#'.repeat(SOURCE_LENGTH_MAX + 1)],
    ['has too many tokens', () => `[${'a,'.repeat(400_000)}]`],
    ['has too many documents', () => '---\na\n'.repeat(501)],
    ['is nested too deep in brackets', () => '['.repeat(100_000)],
    ['is nested too deep in lists', () => '- '.repeat(100_000)],
    ['is nested too deep in mappings', () => '{a: '.repeat(100)],
    ['is an alias bomb', aliasBomb],
    ['is a merge bomb', mergeBomb],
    ['is a bomb of variables', environmentBomb],
    ['is a bomb of edges', edgeBomb],
    ['is a bomb of services', servicesBomb],
    ['has 100,000 steps', () => `steps:\n${'- {}\n'.repeat(100_000)}`],
    [
      'has too many steps in several documents',
      () => {
        const names = Array.from({ length: 6000 }, (_, index) => `name: s${index}`)
        return `${fileWithSteps(names, 'name: x\n')}---\n${fileWithSteps(names, 'name: y\n')}`
      },
    ],
    [
      'repeats long text by aliases',
      () => `${fileWithSteps(['name: a'], `a: &a ${'x'.repeat(30_000)}\n`)}  - name: b
    image: alpine
    commands: [${'*a,'.repeat(300)}]\n`,
    ],
  ])('ends in one clear diagnostic when it %s', (_what, make) => {
    const { plan, diagnostics } = compileText(make())
    expect(plan).toBeNull()
    expect(diagnostics.map(({ code }) => code)).toContain('SP_PIPELINE_TOO_LARGE')
  })

  it('compiles just below the limits', () => {
    const nested = `bag: ${'['.repeat(60)}&x a${']'.repeat(60)}\nname: *x\nsteps: [${STEP}]\n`
    expect(problemsOf(nested)).toEqual([])
    const chain = Array.from({ length: 10_000 }, (_, index) =>
      index === 0 ? 'name: s0' : `name: s${index}, depends_on: [s${index - 1}]`,
    )
    expect(compileText(fileWithSteps(chain)).plan).not.toBeNull()
  })

  it('is not told more problems than anyone reads', () => {
    const { diagnostics } = compileText('- x\n'.repeat(5000))
    expect(diagnostics.length).toBe(1)
    const keys = Array.from({ length: 5000 }, (_, index) => `oops${index}: 1`).join('\n')
    const many = compileText(keys).diagnostics
    // The one error, that there are no steps, is told whatever the number of warnings.
    expect(many.filter(({ severity }) => severity === 'warning')).toHaveLength(DIAGNOSTICS_MAX)
    expect(many.map(({ code }) => code)).toContain('SP_PIPELINE_MISSING_KEY')
    expect(many.at(-1)).toMatchObject({ code: 'SP_PIPELINE_TOO_MANY_PROBLEMS', severity: 'error' })
  })
})

describe('files over the limits together', () => {
  const broken = '- "'.repeat(130_000)
  const codesOf = (texts: readonly string[]): string[] => {
    const sources = texts.map((text, index) => fileOf(text, `.woodpecker/${index}.yml`))
    return compilePipeline(sources, pushInput()).diagnostics.map(({ code }) => code)
  }

  it('are not read further', () => {
    const valid = fileWithSteps(['name: a']) + `# ${'x'.repeat(1_000_000)}\n`
    const texts = Array.from({ length: 50 }, () => valid)
    const errors = codesOf(texts).filter((code) => code !== 'SP_PIPELINE_CONVERTED')
    expect(errors).toEqual(['SP_PIPELINE_TOO_LARGE'])
    const known: KnownTexts = new Map()
    const sources = texts.map((text, index) => fileOf(`${text}# ${index}`, `${index}.yml`))
    compilePipeline(sources, { ...pushInput(), known })
    expect(known.size).toBe(2)
  })

  it('share the limit on YAML nodes', () => {
    const dense = `[${'a,'.repeat(300_000)}]`
    const codes = codesOf([dense, `${dense} # 2`, `${dense} # 3`])
    expect(codes).toContain('SP_PIPELINE_TOO_LARGE')
  })

  it('are each told of when they are broken, within the limit on their length', () => {
    const codes = codesOf(Array.from({ length: 20 }, () => broken))
    // One error each: the slow parser, which finds all, takes seconds for one of these.
    expect(codes).toHaveLength(6)
    expect(new Set(codes)).toEqual(new Set(['SP_PIPELINE_YAML', 'SP_PIPELINE_TOO_LARGE']))
    expect(codes.filter((code) => code === 'SP_PIPELINE_TOO_LARGE')).toHaveLength(1)
  })

  it('are read by the slow parser three times at most', () => {
    // The slow parser tells of both lines.
    const two = 'a: b: c\n---\nd: [e\n---\nf: 1\n'
    const sources = Array.from({ length: 6 }, (_, index) => fileOf(two, `${index}.yml`))
    const { diagnostics } = compilePipeline(sources, pushInput())
    const counts = sources.map(({ file }) => diagnostics.filter((one) => one.file === file).length)
    expect(counts.map((count) => count > 1)).toEqual([true, true, true, false, false, false])
  })

  it('want no more files once something is broken', () => {
    const text = 'steps: [{include: a.yml}, {include: b.yml}]\n'
    const files = new Map([['a.yml', '- {name: [\n']])
    const { wanted, diagnostics } = compilePipeline([fileOf(text)], { ...pushInput(), files })
    expect(wanted).toEqual([])
    expect(diagnostics.map(({ file, code }) => `${file} ${code}`)).toContain(
      'a.yml SP_PIPELINE_YAML',
    )
  })
})

describe('the compiler', () => {
  const valid = `kind: pipeline
type: docker
name: build
anchors: &env {A: 1, B: two}
clone: {depth: 10}
workspace: {base: /go, path: src/x}
environment: {<<: *env, C: "3"}
trigger: {branch: {include: [main, release/*]}, event: [push]}
steps:
- name: test
  image: golang:1.22
  commands:
  - go vet ./...
  - |
    for one in a b; do
      echo "$one"
    done
  when: {status: [success, failure]}
- {name: lint, image: *image, commands: make, depends_on: [test], failure: ignore}
---
name: deploy
depends_on: [build]
steps: [{name: a, image: alpine, commands: [make], detach: true}]
`.replace('*image', 'alpine')

  function check(source: string): void {
    const { plan, diagnostics } = compileText(source)
    const errors = diagnostics.filter(({ severity }) => severity === 'error')
    expect(plan === null).toBe(errors.length > 0)
    expect(errors.filter(({ code }) => code === 'SP_PIPELINE_INTERNAL')).toEqual([])
    const lines = source.split('\n').length
    for (const { start, end } of diagnostics) {
      expect(start.line).toBeLessThanOrEqual(lines)
      expect(end.line).toBeGreaterThanOrEqual(start.line)
    }
  }

  it('never throws on arbitrary text', () => {
    const yamlish = fc.string({
      unit: fc.constantFrom(...Array.from('ab:-[]{}&*!|>\'"%@#?, \n\t<~0')),
    })
    fc.assert(fc.property(fc.oneof(yamlish, fc.string({ unit: 'binary' })), check), {
      numRuns: 1000,
    })
  })

  it('compiles the document that the next test breaks', () => {
    expect(problemsOf(valid)).toEqual([])
  })

  it('never throws on a valid document with pieces cut, moved and replaced', () => {
    const piece = fc.record({
      at: fc.nat(valid.length),
      length: fc.nat(40),
      from: fc.nat(valid.length),
      text: fc.oneof(
        fc.constant(''),
        fc.constantFrom('*env', '&env', '<<: ', '- ', '[', '}', ': ', '\n', 'null', '"', '!x '),
        fc.constant(undefined),
      ),
    })
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 4 }), (pieces) => {
        const broken = pieces.reduce((source, { at, length, from, text }) => {
          const put = text ?? source.slice(from, from + length)
          return source.slice(0, at) + put + source.slice(at + length)
        }, valid)
        check(broken)
      }),
      { numRuns: 500 },
    )
  })

  it('never throws on documents of any values under the known keys', () => {
    const keys = [
      ...['kind', 'type', 'name', 'clone', 'workspace', 'environment', 'trigger', 'steps'],
      ...['depends_on', 'image', 'commands', 'when', 'failure', 'detach', 'disable', 'depth'],
      ...['base', 'path', 'branch', 'event', 'status', 'include', 'exclude', '__proto__'],
      ...[
        'services',
        'volumes',
        'settings',
        'from_secret',
        'ports',
        'healthcheck',
        'retry',
        'port',
      ],
      ...['resources', 'limits', 'concurrency', 'node', 'platform', 'temp', 'host', 'command'],
      ...['entrypoint', 'timeout', 'extra_hosts', 'network_mode', 'privileged', 'optional', 'get'],
      ...['data', 'spec', 'schedule', 'hmac', 'failure', 'pull', 'matrix', 'load', 'user', 'shell'],
    ]
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom('a', 'exec', 'docker', 'pipeline', 'ignore', '*', '[', '/etc', 'vm', '1g'),
        fc.constantFrom(
          'secret',
          'cron',
          'signature',
          'registry',
          '10m',
          '@daily',
          'a:b',
          '"',
          '/',
        ),
        fc.oneof(fc.boolean(), fc.integer(), fc.constant(null)),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...keys), tie('value'), { maxKeys: 6 }),
      ),
    }))
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...keys), value), (document) =>
        check(JSON.stringify(document)),
      ),
      { numRuns: 500 },
    )
  })
})
