import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { parse } from 'yaml'
import { compilePipeline, pipelineJsonSchema } from './index.js'
import type { Keys } from './schema/object.js'
import { DOCKER_PIPELINE_KEYS } from './schema/pipeline-shape.js'
import { STEP_KEYS } from './schema/step-keys.js'
import { compileText, stageOf } from './testing/compile.js'
import { pushInput } from './testing/events.js'

const ROOT = join(__dirname, '..')
const PAGES = 'docs/pipeline'
const EXAMPLES = `${PAGES}/examples`

function read(name: string): string {
  return readFileSync(join(ROOT, name), 'utf8')
}

function namesIn(folder: string, ending: string): string[] {
  return readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith(ending))
    .map((name) => `${folder}/${name}`)
}

const pages = namesIn(PAGES, '.md')

/** What the examples include, by the paths that a repo of the reader's has. */
const files = new Map(
  namesIn(`${EXAMPLES}/ci`, '.yml').map((name) => [name.slice(EXAMPLES.length + 1), read(name)]),
)

describe('the examples of the reference', () => {
  it.each(namesIn(EXAMPLES, '.yml'))('has %s compile without a word', (name) => {
    const result = compilePipeline([{ file: '.pipeline.yml', text: read(name) }], {
      ...pushInput(),
      files,
    })
    expect(result.diagnostics).toEqual([])
    expect(result.plan).not.toBeNull()
  })

  // What is shown of an included file is no pipeline file.
  const whole = ['README.md', ...pages]
    .flatMap((page) =>
      Array.from(read(page).matchAll(/^```yaml\n(kind:.*?)^```$/gms), ([, text = '']) => [
        page,
        text,
      ]),
    )
    .filter(([, text]) => text?.includes('{{') !== true)

  it.each(whole)('has whole files in %s that compile without a word: %j', (_, text = '') => {
    const input = { ...pushInput(), files }
    expect(compilePipeline([{ file: '.pipeline.yml', text }], input).diagnostics).toEqual([])
  })

  it.each([
    [['src/main.go'], 'Mend it', ['code']],
    [['docs/a.md'], 'Mend it', ['pages']],
    [['README.md'], 'Mend it', []],
    [['README.md'], 'Mend it [ALL]', ['pages']],
    [['src/main.go', 'docs/a.md'], 'Mend it', ['code', 'pages']],
    [[], 'Mend nothing', ['code']],
  ])('choose steps by the changed files %j and the message %j', (changedFiles, message, steps) => {
    const text = read(`${EXAMPLES}/paths.yml`)
    const { plan, diagnostics } = compileText(text, { changedFiles, message })
    expect(diagnostics).toEqual([])
    const names = plan?.stages.flatMap((stage) => stage.steps.map(({ name }) => name)) ?? []
    expect(names.filter((name) => name !== 'clone')).toEqual(steps)
  })
})

describe('the page about the matrix', () => {
  it('names the stages that its example makes', () => {
    const { plan } = compileText(read(`${EXAMPLES}/matrix.yml`))
    const page = read(`${PAGES}/matrix.md`)
    const names = plan?.stages.map(({ name }) => `\`${name}\``) ?? []
    expect(names).toHaveLength(4)
    expect(names.filter((name) => !page.includes(name))).toEqual([])
  })
})

describe('the examples of keys', () => {
  const step = { name: 'test', image: 'busybox', commands: ['true'] }
  const build = { ...step, name: 'build' }
  const volumes = [
    { name: 'cache', temp: {} },
    { name: 'gpu', host: { path: '/dev/dri' } },
  ]
  const pipeline = { kind: 'pipeline', name: 'default', steps: [step] }

  function withExamples(keys: Keys): [string, Record<string, unknown>][] {
    return Object.entries(keys).flatMap(([key, { example }]) =>
      example === undefined ? [] : [[key, parse(example) as Record<string, unknown>]],
    )
  }

  function errorsOf(file: unknown): string[] {
    const { diagnostics } = compileText(JSON.stringify(file))
    return diagnostics.filter(({ severity }) => severity === 'error').map(({ message }) => message)
  }

  it.each(withExamples(DOCKER_PIPELINE_KEYS))('have one of `%s` that works', (key, example) => {
    const first = { ...pipeline, name: 'build' }
    const other = key === 'depends_on' ? [`${JSON.stringify(first)}\n---\n`] : []
    const text = [...other, JSON.stringify({ ...pipeline, ...example })].join('')
    const { diagnostics } = compileText(text)
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  })

  it.each(withExamples(STEP_KEYS))('have one of `%s` that works', (key, example) => {
    const isProgram = ['entrypoint', 'command', 'settings'].includes(key)
    const { commands, ...program } = step
    const own = isProgram ? program : { ...program, commands }
    const detach = key === 'healthcheck' ? { detach: true } : {}
    const file = { ...pipeline, volumes, steps: [build, { ...own, ...detach, ...example }] }
    expect(errorsOf(file)).toEqual([])
  })
})

describe('the page about substitution', () => {
  const rows = Array.from(
    read(`${PAGES}/substitution.md`).matchAll(/^\| (`\$\{.*?) +\| (`.*?) +\| /gm),
    ([, written = '', results = '']) => [codes(written), codes(results)] as const,
  )

  function codes(cell: string): string[] {
    return Array.from(cell.matchAll(/`([^`]*)`/g), ([, code = '']) => code)
  }

  it('has a table of operators', () => {
    expect(rows.length).toBeGreaterThan(8)
  })

  it.each(
    rows.flatMap(([written, results]) => written.map((one, i) => [one, results[i] ?? results[0]])),
  )('says what %s makes', (written, result) => {
    const file = {
      kind: 'pipeline',
      matrix: { NAME: ['feature/Hello'] },
      environment: { MADE: written },
      steps: [{ name: 'test', image: 'busybox', commands: ['true'] }],
    }
    expect(stageOf(JSON.stringify(file)).environment?.['MADE']).toBe(result)
  })
})

describe('links in the documents', () => {
  const documents = [
    'README.md',
    'ARCHITECTURE.md',
    'CONTRIBUTING.md',
    ...namesIn('docs', '.md'),
    ...pages,
  ]

  /** The names by which forges make headings reachable. */
  function anchorsOf(text: string): string[] {
    return Array.from(text.matchAll(/^#+ (.+)$/gm), ([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replace(/\s/g, '-'),
    )
  }

  it.each(documents)('lead somewhere in %s', (document) => {
    const text = read(document).replace(/^```.*?^```$/gms, '')
    const links = Array.from(text.matchAll(/\]\(([^)\s]+)\)/g), ([, target = '']) => target)
    const broken = links.filter((target) => !/^https?:/.test(target) && !leadsSomewhere(target))
    expect(broken).toEqual([])

    function leadsSomewhere(target: string): boolean {
      const [file = '', anchor] = target.split('#')
      const name = file === '' ? document : join(document, '..', file)
      try {
        return anchor === undefined ? read(name) !== '' : anchorsOf(read(name)).includes(anchor)
      } catch {
        return false
      }
    }
  })
})

describe('the published schema', () => {
  it('says of every key what it is, for editors', () => {
    const silent: string[] = []
    const visit = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return
      for (const [key, value] of Object.entries(node)) {
        visit(value, `${path}/${key}`)
        if (key !== 'properties' || path.endsWith('/if')) continue
        for (const [name, property] of Object.entries(value as Record<string, object>)) {
          if (!('description' in property)) silent.push(`${path}/${name}`)
        }
      }
    }
    visit(pipelineJsonSchema(), '')
    expect(silent).toEqual([])
  })
})
