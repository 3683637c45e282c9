import { spawn } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from '@jest/globals'
import { ROOT } from '../support/root.js'

interface Sample {
  readonly file: string
  readonly source: string
}

const BAD: readonly Sample[] = [
  { file: 'server/services.ts', source: "import '../runner/compose.js'" },
  { file: 'server/services.ts', source: "export const x = import('../runner/compose.js')" },
  { file: 'server/services.ts', source: "export * from '../runner/compose.js'" },
  { file: 'server/services.ts', source: "export type X = import('../runner/compose.js').Y" },
  { file: 'runner/stage/sink.ts', source: "import '../../server/services.js'" },
  { file: 'protocol/job.ts', source: "import '../server/services.js'" },
  { file: 'pipelines/plan.ts', source: "import '../protocol/job.js'" },
  { file: 'pipelines/plan.ts', source: "import 'node:fs'" },
  { file: 'pipelines/plan.ts', source: 'export const now = Date.now()' },
  { file: 'native/lib/types.ts', source: "import '../../protocol/errors.js'" },
  { file: 'git/types.ts', source: "import '../runner/compose.js'" },
]
const GOOD: readonly Sample[] = [
  { file: 'server/services.ts', source: "import '../protocol/job.js'" },
]

const LINT = `
  import { text } from 'node:stream/consumers'
  import { ESLint } from 'eslint'
  const eslint = new ESLint()
  const results = []
  for (const { file, source } of JSON.parse(await text(process.stdin))) {
    const [result] = await eslint.lintText(source + '\\n', { filePath: file })
    results.push(result.messages.map(({ ruleId }) => ruleId))
  }
  console.log(JSON.stringify(results))
`

/** Rules that complain when each source stands in its file. ESLint's own process: its config is an ES module. */
async function lint(samples: readonly Sample[]): Promise<string[][]> {
  const eslint = spawn(process.execPath, ['--input-type=module', '--eval', LINT], {
    cwd: ROOT,
    stdio: ['pipe', 'pipe', 'inherit'],
    // In a single run typescript-eslint takes the text from disk instead of the text given.
    env: { ...process.env, TSESTREE_SINGLE_RUN: 'false' },
  })
  eslint.stdin.end(JSON.stringify(samples))
  return JSON.parse(await text(eslint.stdout)) as string[][]
}

const DIRECTION_RULE = /^(rooms\/import-direction|no-restricted-properties)$/

describe('the rule that imports point one way', () => {
  it('bites on every form of import that points the wrong way', async () => {
    const rules = await lint(BAD)
    const silent = BAD.filter((_, i) => !rules[i]!.some((rule) => DIRECTION_RULE.test(rule)))
    expect(silent).toEqual([])
  }, 60_000)

  it('lets the server use the protocol', async () => {
    const [rules] = await lint(GOOD)
    expect(rules!.filter((rule) => DIRECTION_RULE.test(rule))).toEqual([])
  }, 60_000)
})

describe('the import graph', () => {
  it('has no cycle', async () => {
    expect(findCycle(await importGraph())).toEqual([])
  }, 60_000)

  it('would show a cycle if there were one', () => {
    const graph = new Map([
      ['a', ['b']],
      ['b', ['c']],
      ['c', ['a']],
    ])
    expect(findCycle(graph)).toEqual(['a', 'b', 'c', 'a'])
  })
})

/** File -> files it imports at run time (type-only imports are no cycle for the loader). */
async function importGraph(): Promise<Map<string, string[]>> {
  const graph = new Map<string, string[]>()
  for (const room of ['pipelines', 'protocol', 'git', 'native/lib', 'server', 'runner', 'cli']) {
    const files = await readdir(path.join(ROOT, room), { recursive: true })
    for (const file of files.filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))) {
      const from = path.join(ROOT, room, file)
      graph.set(from, runtimeImports(from, await readFile(from, 'utf8')))
    }
  }
  return graph
}

function runtimeImports(from: string, source: string): string[] {
  const statements = source.matchAll(/^(?:import|export) (?!type )[^;'"]*?from '(\.[^']+)\.js'/gms)
  return [...statements].map(([, target]) => path.resolve(path.dirname(from), `${target!}.ts`))
}

function findCycle(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>()
  const visit = (node: string, trail: string[]): string[] => {
    if (trail.includes(node)) return [...trail.slice(trail.indexOf(node)), node]
    if (done.has(node)) return []
    for (const next of graph.get(node) ?? []) {
      const cycle = visit(next, [...trail, node])
      if (cycle.length > 0) return cycle
    }
    done.add(node)
    return []
  }
  for (const node of graph.keys()) {
    const cycle = visit(node, [])
    if (cycle.length > 0) return cycle
  }
  return []
}
