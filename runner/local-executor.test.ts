import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { Plan, StagePlan } from '../pipelines/plan.js'
import { openLayerStore } from './layers/store.js'
import { createLocalExecutor, type LocalExecutor, type LocalResult } from './local-executor.js'
import { makeJob, RecordingSink, step } from './testing/stages.js'

let directory: string
let executor: LocalExecutor
let sinks: Map<string, RecordingSink>

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'sandpiper-exec-'))
  await (await openLayerStore(path.join(directory, 'layers'))).importBusybox('busybox')
  await writeFile(path.join(directory, 'source'), 'working tree\n')
  sinks = new Map()
  executor = await createLocalExecutor({ dataDir: directory, idsDir: path.join(directory, 'ids') })
})

afterEach(async () => {
  await executor.close()
  await rm(directory, { recursive: true })
})

function stage(name: string, commands: string[], more: Partial<StagePlan> = {}): StagePlan {
  return { ...makeJob([step('only', commands)]).stage, name, ...more }
}

async function run(
  stages: StagePlan[],
  signal = new AbortController().signal,
): Promise<LocalResult> {
  const plan: Plan = { stages, skipped: [] }
  return executor.run({
    plan,
    tree: { path: directory },
    repo: { id: 0, slug: 'a/b', cloneUrl: directory, allowFileTransport: true },
    commit: '0'.repeat(40),
    ref: 'refs/heads/main',
    environmentOf: (of, number) => ({ WHERE: `${of.name} ${number}` }),
    timeoutMs: 60_000,
    sinkFor: (job) => {
      const sink = new RecordingSink(job)
      sinks.set(job.stage.name, sink)
      return sink
    },
    signal,
  })
}

describe('createLocalExecutor', () => {
  it('runs stages in the order of their dependencies on the working tree', async () => {
    const clone = { kind: 'clone', name: 'clone', dependsOn: [] } as const
    const steps = [clone, step('only', ['cat source', 'echo "$WHERE"'], { dependsOn: ['clone'] })]
    const result = await run([
      stage('second', ['true'], { dependsOn: ['first'] }),
      stage('first', [], { steps, clone: { disabled: false } }),
    ])
    expect(result.passed).toBe(true)
    expect(result.stages.map(({ name }) => name)).toEqual(['first', 'second'])
    expect(sinks.get('first')!.log('only')).toContain('\nworking tree\n')
    expect(sinks.get('first')!.log('only')).toContain('\nfirst 2\n')
  })

  it('skips what depends on a failed stage', async () => {
    const result = await run([stage('a', ['false']), stage('b', ['true'], { dependsOn: ['a'] })])
    expect(result.passed).toBe(false)
    expect(result.stages.map(({ status }) => status)).toEqual(['failure', 'skipped'])
  })

  it('runs what does not depend on a failed stage, and what is for failures', async () => {
    const result = await run([
      stage('a', ['false']),
      stage('apart', ['true']),
      stage('b', ['true'], { dependsOn: ['a'] }),
      stage('mail', ['true'], { dependsOn: ['b'], runOn: { success: false, failure: true } }),
    ])
    expect(result.passed).toBe(false)
    const statuses = result.stages.map(({ name, status }) => `${name} ${status}`)
    expect(statuses).toEqual(['a failure', 'apart success', 'b skipped', 'mail success'])
  })

  it('refuses stages of another platform', async () => {
    const result = await run([stage('a', ['true'], { platform: { os: 'linux', arch: 's390x' } })])
    expect(result.stages[0]).toMatchObject({ status: 'error' })
    expect(result.stages[0]!.error).toMatch(
      /^the pipeline is for linux\/s390x, and this runner is /,
    )
  })

  it('runs nothing once it is cancelled', async () => {
    const result = await run([stage('a', ['true'])], AbortSignal.abort())
    expect(result).toMatchObject({ passed: false, stages: [{ status: 'skipped' }] })
  })

  it('runs beside another one on the same data directory', async () => {
    const other = await createLocalExecutor({
      dataDir: directory,
      idsDir: path.join(directory, 'ids'),
    })
    expect((await run([stage('a', ['true'])])).passed).toBe(true)
    await other.close()
  })
})
