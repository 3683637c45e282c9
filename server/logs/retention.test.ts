import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { pino } from 'pino'
import { DiskBlobStore } from '../blobs/disk-blob-store.js'
import { createBuild } from '../builds/create-build.js'
import { tryClaim } from '../store/claims.js'
import type { Db } from '../store/database.js'
import { insertStage } from '../store/stages.js'
import { insertStepLog, newStepLog } from '../store/step-logs.js'
import { insertRepo } from '../store/repos.js'
import { updateBuild } from '../store/builds.js'
import { TestDatabase } from '../testing/test-database.js'
import { ArchivedLogs } from './archived-logs.js'
import { FileLogStore } from './file-log-store.js'
import { LogKeeper } from './log-keeper.js'
import type { LogStore } from './log-store.js'
import { applyRetention } from './retention.js'
import type { KeepLimits } from './retention.js'

const DAY = 24 * 3_600_000
const NOW = 1_800_000_000_000
const ALL: KeepLimits = { days: 0, builds: 0, logBytes: 0 }
const PUSH = { event: 'push', action: '', ref: 'refs/heads/main', branch: 'main', sourceBranch: '' }

let directory: string
let database: TestDatabase
let db: Db
let files: FileLogStore
let logs: LogStore
let repoId: number
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sandpiper-retention-'))
  database = await TestDatabase.create()
  db = await database.open()
  files = new FileLogStore(join(directory, 'logs'))
  logs = new ArchivedLogs({ db, live: files, blobs: new DiskBlobStore(join(directory, 'blobs')) })
  repoId = await addRepo('n')
})
afterEach(async () => {
  await files.close()
  await database.remove()
  await rm(directory, { recursive: true })
})

async function addRepo(name: string, keep = {}): Promise<number> {
  const texts = { clone_url: '', default_branch: 'main', link: '', hook_secret: '' }
  const numbers = { allow_file_transport: 0, private: 0, active: 1, counter: 0, timeout_ms: 1 }
  const times = { created: 0, updated: 0, network_allow: null }
  const row = await insertRepo(db, { owner: 'o', name, ...texts, ...numbers, ...times, ...keep })
  return row!.id
}

/** A build of some days ago, with a log of 1,000 bytes; it runs when `days` is null. */
async function build(days: number | null, event: Partial<typeof PUSH> = {}, repo = repoId) {
  const full = { ...PUSH, sourceRepo: '', after: '', before: '', message: '', title: '', link: '' }
  const author = { login: '', name: '', email: '', avatar: '' }
  const rest = { author, sender: '', cron: '', deployTo: '', params: {} }
  const made = { ...full, ...rest, ...event } as Parameters<typeof createBuild>[1]['event']
  const { id } = (await createBuild(db, { repoId: repo, event: made, parent: null, now: NOW }))!
  const finished = days === null ? 0 : NOW - days * DAY
  await updateBuild(db, id, {
    finished,
    status: days === null ? 'running' : 'success',
    updated: NOW,
  })
  const stage = await insertStage(db, { ...STAGE, status: 'success', build_id: id, repo_id: repo })
  const ref = { stageId: stage.id, attempt: 1, step: 1 }
  await logs.append(ref, 0, Buffer.alloc(1_000, 'x'))
  const log = { ...ref, repo_id: repo, bytes: 1_000, sha256: '', finished }
  if (days !== null) await insertStepLog(db, newStepLog(log))
  return ref
}

const retain = (defaults: Partial<KeepLimits>) =>
  applyRetention({ db, logs, defaults: { ...ALL, ...defaults }, now: NOW })

async function numbersOf(repo = repoId): Promise<number[]> {
  const rows = await db.selectFrom('builds').select('number').where('repo_id', '=', repo).execute()
  return rows.map(({ number }) => number).sort((a, b) => a - b)
}

describe('retention', () => {
  it('keeps all unless told otherwise', async () => {
    for (const days of [900, 800, 1]) await build(days)
    expect(await retain({})).toEqual({ builds: 0, logs: 0 })
  })

  it('removes what is too old with all that belongs to it', async () => {
    const old = await build(31)
    const young = await build(29)
    await build(1)
    expect(await retain({ days: 30 })).toEqual({ builds: 1, logs: 0 })
    expect(await numbersOf()).toEqual([2, 3])
    expect([await logs.size(old), await logs.size(young)]).toEqual([0, 1_000])
    expect(await db.selectFrom('step_logs').select('stage_id').execute()).toHaveLength(2)
    expect(await db.selectFrom('stages').select('id').execute()).toHaveLength(2)
  })

  it('removes what is beyond the count, the oldest first', async () => {
    for (let i = 0; i < 6; i += 1) await build(1)
    expect(await retain({ builds: 4 })).toEqual({ builds: 2, logs: 0 })
    expect(await numbersOf()).toEqual([3, 4, 5, 6])
  })

  it('never removes what runs, or the newest build of a branch or tag', async () => {
    await build(90, { ref: 'refs/heads/old', branch: 'old' })
    await build(90, { ref: 'refs/tags/v1', event: 'tag' })
    await build(null)
    await build(90, { ref: 'refs/pull/1/head', event: 'pull_request' })
    await build(90)
    await build(90)
    expect(await retain({ days: 30, builds: 1 })).toEqual({ builds: 2, logs: 0 })
    expect(await numbersOf()).toEqual([1, 2, 3, 6])
  })

  it('keeps a build whose stages another one has taken over for as long as that is kept', async () => {
    const { stageId } = await build(90)
    const copy = await build(29)
    await build(1)
    await db
      .updateTable('stages')
      .set({ copied_from: stageId })
      .where('id', '=', copy.stageId)
      .execute()
    expect(await retain({ days: 30 })).toEqual({ builds: 0, logs: 0 })
    expect(await retain({ days: 20 })).toEqual({ builds: 1, logs: 0 })
    expect(await retain({ days: 20 })).toEqual({ builds: 1, logs: 0 })
    expect(await numbersOf()).toEqual([3])
  })

  it('removes the oldest logs beyond the size, and keeps their builds', async () => {
    const refs = []
    for (const days of [1, 5, 3]) refs.push(await build(days))
    expect(await retain({ logBytes: 1_500 })).toEqual({ builds: 0, logs: 2 })
    expect(await Promise.all(refs.map((ref) => logs.size(ref)))).toEqual([1_000, 0, 0])
    expect(await numbersOf()).toEqual([1, 2, 3])
    expect(await retain({ logBytes: 1_500 })).toEqual({ builds: 0, logs: 0 })
  })

  it('asks the repo before the server; a negative number keeps all', async () => {
    const own = await addRepo('own', { keep_builds: 1 })
    const all = await addRepo('all', { keep_days: -1 })
    for (const repo of [own, all, repoId]) for (let i = 0; i < 3; i += 1) await build(50, {}, repo)
    await retain({ days: 30, builds: 0 })
    expect(await numbersOf(all)).toEqual([1, 2, 3])
    expect([await numbersOf(own), await numbersOf()]).toEqual([[3], [3]])
  })

  it('goes on where a crash stopped it', async () => {
    const ref = await build(90)
    await build(1)
    const removeStage = logs.removeStage.bind(logs)
    logs.removeStage = async (id) => {
      await removeStage(id)
      throw new Error('crash')
    }
    await expect(retain({ days: 30 })).rejects.toThrow('crash')
    logs.removeStage = removeStage
    expect([await numbersOf(), await logs.size(ref)]).toEqual([[1, 2], 0])
    await retain({ days: 30 })
    expect(await numbersOf()).toEqual([2])
  })

  it('is done by one of several servers', async () => {
    await build(90)
    await build(1)
    const logger = pino({ level: 'silent' })
    const keep = { ...ALL, days: 30 }
    let passes = 0
    const removeStage = logs.removeStage.bind(logs)
    logs.removeStage = (id) => {
      passes += 1
      return removeStage(id)
    }
    const keepers = Array.from({ length: 3 }, () => {
      const options = { db, logs, archive: null, keep, logger, clock: { now: () => NOW } }
      return new LogKeeper(options)
    })
    await Promise.all(keepers.map((keeper) => keeper.round()))
    expect([await numbersOf(), passes]).toEqual([[2], 1])
  })
})

describe('a claim', () => {
  it('is one holder’s until it ends', async () => {
    const claim = (holder: string, now: number) =>
      tryClaim(db, { name: 'work', holder, until: now + 10 }, now)
    expect(await claim('a', 100)).toBe(true)
    expect(await claim('b', 105)).toBe(false)
    expect(await claim('a', 106)).toBe(true)
    expect(await claim('b', 115)).toBe(false)
    expect(await claim('b', 116)).toBe(true)
  })

  it('is had by one of many who ask at once', async () => {
    const holders = Array.from({ length: 10 }, (_, i) => String(i))
    const had = await Promise.all(
      holders.map((holder) => tryClaim(db, { name: 'work', holder, until: 10 }, 0)),
    )
    expect(had.filter(Boolean)).toHaveLength(1)
  })
})

const STAGE = {
  ...{ number: 1, name: 'default', kind: 'pipeline', type: 'exec', os: 'linux', arch: 'amd64' },
  ...{ error: '', exit_code: 0, attempt: 1, session: '', machine: '' },
  ...{ lease_until: 0, cancel_requested: 0, depends_on_json: '[]', on_success: 1, on_failure: 0 },
  ...{ plan_json: '{}', created: 0, queued: 0, started: 0, stopped: 0, updated: 0 },
} as const
