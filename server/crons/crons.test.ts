import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { pino } from 'pino'
import { Dispatcher } from '../scheduling/dispatcher.js'
import type { Repo } from '../services.js'
import { buildsPage } from '../store/builds-page.js'
import type { Db } from '../store/database.js'
import { findRepoById } from '../store/repos.js'
import { addRepoTo } from '../testing/plans.js'
import { TEST_STORE, TestDatabase } from '../testing/test-database.js'
import { CronScheduler } from './cron-scheduler.js'
import { createCronService } from './cron-service.js'
import { checkSchedule, nextTick } from './expression.js'
import type { CronService } from './types.js'

const DAY_MS = 24 * 60 * 60_000
const logger = pino({ level: 'silent' })

let database: TestDatabase
let repo: Repo
let db: Db
let now: number
let crons: CronService
beforeEach(async () => {
  database = await TestDatabase.create()
  db = await database.open()
  repo = (await findRepoById(db, await addRepoTo(db)))!
  now = 10 * DAY_MS + 5_000
  crons = createCronService(options(db))
})
afterEach(() => database.remove())

/** What a server makes its crons from; nothing is put on a queue. */
function options(of: Db) {
  const dispatcher = Object.create(Dispatcher.prototype) as Dispatcher
  Object.assign(dispatcher, { background: () => undefined })
  return { db: of, clock: { now: () => now }, dispatcher, ingest: () => Promise.resolve(), logger }
}

const made = async () => (await buildsPage(db, repo.id, { limit: 10 })).reverse()

describe('a cron', () => {
  it('makes one build for a tick, however many servers look, and one for all that were missed', async () => {
    await crons.add(repo, { name: 'nightly', expr: '@daily', target: 'prod' })
    // SQLite is one server's, and several connections of a process would wait for each other.
    const open = () => (TEST_STORE === 'SQLite' ? db : database.open())
    const databases = [db, await open(), await open()]
    const servers = databases.map((of) => new CronScheduler(options(of)))
    const look = () => Promise.all(servers.map((server) => server.tick()))
    await look()
    expect(await made()).toEqual([])
    now += DAY_MS
    await look()
    now += 5 * DAY_MS
    await look()
    await look()
    const builds = await made()
    expect(builds).toHaveLength(2)
    expect(builds[0]).toMatchObject({
      ...{ event: 'cron', cron: 'nightly', branch: 'main', after: '', started_by: '@cron' },
      ...{ deploy_to: 'prod', approval: '' },
    })
    expect(await crons.find(repo, 'nightly')).toMatchObject({
      ...{ prev: now, next: 17 * DAY_MS, last_build: 2 },
    })
  })

  it('makes none while it is off, and does not make up for that', async () => {
    await crons.add(repo, { name: 'off', expr: '@hourly', disabled: true })
    const server = new CronScheduler(options(db))
    now += DAY_MS
    await server.tick()
    await crons.update(repo, 'off', { disabled: false })
    await server.tick()
    expect(await made()).toEqual([])
    expect(await crons.run(repo, 'off', 'octo')).toMatchObject({ started_by: 'octo', number: 1 })
  })

  it('that is not understood any more is turned off, and keeps no other from its build', async () => {
    await crons.add(repo, { name: 'bad', expr: '@daily' })
    await crons.add(repo, { name: 'good', expr: '@daily' })
    await db.updateTable('crons').set({ expr: 'never' }).where('name', '=', 'bad').execute()
    now += DAY_MS
    await new CronScheduler(options(db)).tick()
    expect(await made()).toHaveLength(1)
    expect(await crons.find(repo, 'bad')).toMatchObject({ disabled: 1 })
  })

  it('has a name of its own in its repo', async () => {
    await crons.add(repo, { name: 'a', expr: '@daily' })
    const again = crons.add(repo, { name: 'a', expr: '@daily' })
    await expect(again).rejects.toMatchObject({ code: 'SP_CRON_EXISTS' })
    expect(await crons.remove(repo, 'a')).toBe(true)
    expect(await crons.remove(repo, 'a')).toBe(false)
  })
})

describe('an expression', () => {
  it.each([
    ['@daily', '', '1970-01-02T00:00:00.000Z'],
    ['30 2 * * *', 'Europe/Berlin', '1970-01-01T01:30:00.000Z'],
    ['15 0 12 * * *', '', '1970-01-01T12:00:15.000Z'],
  ])('%s in %j is due at %s', (expr, timezone, time) => {
    checkSchedule({ expr, timezone })
    expect(new Date(nextTick({ expr, timezone }, 0)).toISOString()).toBe(time)
  })

  // Half past two is not there on that day, and twice on the other.
  it.each([
    ['2026-03-28T12:00:00Z', '2026-03-29T01:30:00.000Z', 24],
    ['2026-10-24T12:00:00Z', '2026-10-25T00:30:00.000Z', 25],
  ])('is due once a day where the clock is changed: after %s', (from, first, hours) => {
    const schedule = { expr: '30 2 * * *', timezone: 'Europe/Berlin' }
    const tick = nextTick(schedule, Date.parse(from))
    const next = nextTick(schedule, tick)
    expect((next - tick) / 3_600_000).toBeGreaterThanOrEqual(hours - 2)
    expect(Math.abs(tick - Date.parse(first))).toBeLessThanOrEqual(3_600_000)
  })

  it.each([
    ...[
      '',
      '* * * *',
      '@secondly',
      '@often',
      '* * * * * *',
      '*/2 * * * * *',
      '60 * * * *',
      '0 0 30 2 *',
    ],
    ...['0 0 * * * 2030 1', 'a'.repeat(200), '0 0 * * *\n', '-1 * * * *', '1-99999999 * * * *'],
  ])('%j is refused', (expr) => {
    expect(() => checkSchedule({ expr, timezone: '' })).toThrow(/can't be used/)
  })

  it.each(['Mars/Olympus', '../etc', 'x'.repeat(100)])(
    'the time zone %j is refused',
    (timezone) => {
      expect(() => checkSchedule({ expr: '@daily', timezone })).toThrow(/can't be used/)
    },
  )
})
