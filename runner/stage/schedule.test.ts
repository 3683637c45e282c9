import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { isFailure, type Status } from '../../protocol/status.js'
import { decide, endable, failedNames, hasFailed, type GraphNode } from './schedule.js'

const node = (
  name: string,
  dependsOn: string[] = [],
  more: Partial<GraphNode> = {},
): GraphNode => ({
  name,
  dependsOn,
  runOn: { success: true, failure: false },
  ignoreFailure: false,
  detach: false,
  ...more,
})

const onFailure = { runOn: { success: false, failure: true } }

function decideAt(
  nodes: GraphNode[],
  ended: Record<string, Status>,
  more: { running?: string[]; up?: string[]; stopped?: boolean } = {},
): ReturnType<typeof decide> {
  return decide(nodes, {
    ended: new Map(Object.entries(ended)),
    running: new Set(more.running ?? []),
    up: new Set(more.up ?? []),
    stopped: more.stopped ?? false,
  })
}

describe('decide', () => {
  it('starts everything that depends on nothing', () => {
    const nodes = [node('a'), node('b'), node('c', ['a', 'b'])]
    expect(decideAt(nodes, {})).toEqual({ start: ['a', 'b'], skip: [] })
  })

  it('starts a step as soon as its own dependencies have ended, whatever else runs', () => {
    const nodes = [node('a'), node('slow'), node('c', ['a'])]
    expect(decideAt(nodes, { a: 'success' }, { running: ['slow'] }).start).toEqual(['c'])
  })

  it('skips a chain at once when the stage is failing', () => {
    const nodes = [node('a'), node('b', ['a']), node('c', ['b'])]
    expect(decideAt(nodes, { a: 'failure' })).toEqual({ start: [], skip: ['b', 'c'] })
  })

  it('runs failure steps only when something has failed', () => {
    const nodes = [node('a'), node('mail', ['a'], onFailure)]
    expect(decideAt(nodes, { a: 'failure' }).start).toEqual(['mail'])
    expect(decideAt(nodes, { a: 'success' }).skip).toEqual(['mail'])
  })

  it('does not count failures that are to be ignored', () => {
    const nodes = [node('a', [], { ignoreFailure: true }), node('b', ['a'])]
    expect(decideAt(nodes, { a: 'failure' }).start).toEqual(['b'])
  })

  it('lets steps follow a detached one when it is up, and not before', () => {
    const nodes = [node('db', [], { detach: true }), node('test', ['db'])]
    expect(decideAt(nodes, {}, { running: ['db'] }).start).toEqual([])
    expect(decideAt(nodes, {}, { running: ['db'], up: ['db'] }).start).toEqual(['test'])
  })

  it('counts a detached step only when it was never up, or could not be run', () => {
    const nodes = [node('db', [], { detach: true })]
    const up = new Set(['db'])
    expect(hasFailed(nodes, { ended: new Map([['db', 'failure']]), up })).toBe(false)
    expect(hasFailed(nodes, { ended: new Map([['db', 'failure']]), up: new Set() })).toBe(true)
    expect(hasFailed(nodes, { ended: new Map([['db', 'error']]), up })).toBe(true)
    expect(hasFailed(nodes, { ended: new Map([['db', 'success']]), up: new Set() })).toBe(false)
  })

  it('names the steps that failed', () => {
    const nodes = [node('a'), node('b'), node('c', [], { ignoreFailure: true })]
    const ended = new Map<string, Status>([
      ['a', 'success'],
      ['b', 'killed'],
      ['c', 'failure'],
    ])
    expect(failedNames(nodes, { ended, up: new Set() })).toEqual(['b'])
  })

  it('skips everything that has not started once the stage is stopped', () => {
    const nodes = [node('a'), node('b', ['a'])]
    expect(decideAt(nodes, {}, { running: ['a'], stopped: true })).toEqual({
      start: [],
      skip: ['b'],
    })
  })

  it('ends every graph, starts nothing twice and nothing before its dependencies', () => {
    fc.assert(fc.property(graphs, fc.infiniteStream(fc.nat()), simulate))
  })
})

/** Graphs without cycles: a node depends only on earlier ones. */
const graphs = fc
  .array(
    fc.record({
      dependencies: fc.array(fc.nat({ max: 20 }), { maxLength: 4 }),
      runOn: fc.record({ success: fc.boolean(), failure: fc.boolean() }),
      ignoreFailure: fc.boolean(),
      detach: fc.boolean(),
      status: fc.constantFrom<Status>('success', 'failure', 'error'),
    }),
    { maxLength: 20 },
  )
  .map((rows) =>
    rows.map((row, index) => ({
      ...row,
      name: `n${index}`,
      dependsOn: [...new Set(row.dependencies.filter((at) => at < index).map((at) => `n${at}`))],
    })),
  )

function simulate(
  nodes: (GraphNode & { status: Status })[],
  choices: Iterable<number> & Iterator<number>,
): void {
  const ended = new Map<string, Status>()
  const running = new Set<string>()
  /** Every step is up as soon as it runs, and stays one that was. */
  const up = new Set<string>()
  const started = new Set<string>()
  for (;;) {
    const wasFailing = hasFailed(nodes, { ended, up })
    const { start, skip } = decide(nodes, { ended, running, up, stopped: false })
    for (const name of start) {
      const it = nodes.find((candidate) => candidate.name === name)!
      expect(started.has(name)).toBe(false)
      expect(wasFailing ? it.runOn.failure : it.runOn.success).toBe(true)
      for (const before of it.dependsOn) {
        const isUp = running.has(before) && nodes.find((n) => n.name === before)!.detach
        expect(ended.has(before) || skip.includes(before) || isUp).toBe(true)
      }
      started.add(name)
    }
    for (const name of skip) {
      expect(started.has(name)).toBe(false)
      ended.set(name, 'skipped')
    }
    for (const name of start) {
      running.add(name)
      up.add(name)
    }
    if (start.length > 0) continue
    if (running.size === 0) break
    const ending = [...running][choices.next().value! % running.size]!
    running.delete(ending)
    ended.set(ending, nodes.find((candidate) => candidate.name === ending)!.status)
  }
  expect(ended.size).toBe(nodes.length)
  for (const [name, status] of ended) if (isFailure(status)) expect(started.has(name)).toBe(true)
}

describe('endable', () => {
  const nodes = [
    ...[node('db'), node('cache'), node('api', ['db']), node('build', ['api'])],
    ...[node('watch', ['build']), node('other', ['cache'])],
  ]

  it('has what no other that runs depends on, also through those that have ended', () => {
    const order = (running: string[]): string[] => endable(nodes, new Set(running))
    expect(order(['db', 'cache', 'api', 'watch', 'other'])).toEqual(['watch', 'other'])
    expect(order(['db', 'cache', 'api'])).toEqual(['cache', 'api'])
    expect(order(['db', 'watch'])).toEqual(['watch'])
    expect(order(['db'])).toEqual(['db'])
    expect(order([])).toEqual([])
  })

  it('always has one, whatever depends on what', () => {
    const graph = fc.array(fc.array(fc.nat(9), { maxLength: 3 }), { minLength: 1, maxLength: 10 })
    fc.assert(
      fc.property(graph, (edges) => {
        const some = edges.map((to, from) =>
          node(String(from), to.filter((one) => one < from).map(String)),
        )
        expect(endable(some, new Set(some.map(({ name }) => name)))).not.toEqual([])
      }),
    )
  })
})
