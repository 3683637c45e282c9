import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { pino } from 'pino'
import type { Status } from '../../protocol/status.js'
import { startForge, type TestForge } from '../forges/testing/all.js'
import { COMMIT, TOKEN } from '../forges/testing/world.js'
import type { ForgeKind } from '../forges/types.js'
import { createSecretBox, type SecretBox } from '../secrets/box.js'
import { forgeTokenContext } from '../secrets/sealed-columns.js'
import type { BuildRow } from '../store/builds.js'
import { updateBuild } from '../store/builds.js'
import type { Db } from '../store/database.js'
import { addBuildTo, addRepoTo, stageOf, stagePlan, storeStages } from '../testing/plans.js'
import { TEST_STORE, TestDatabase } from '../testing/test-database.js'
import { until } from '../testing/until.js'
import { updateStage } from '../store/stages.js'
import { updateStep } from '../store/steps.js'
import { StatusSender, type SenderTiming } from './sender.js'
import { createStatusService } from './status-service.js'
import type { TokenOf } from '../forges/token.js'

const logger = pino({ level: 'silent' })
const GAP_MS = 5_000
const CLAIM_MS = 60_000

let database: TestDatabase
let db: Db
let github: TestForge
let secrets: SecretBox
let now: number
let senders: StatusSender[]
beforeEach(async () => {
  database = await TestDatabase.create()
  db = await database.open()
  github = await startForge('github', { token: TOKEN })
  secrets = createSecretBox(randomBytes(32))
  now = 1_000_000
  senders = []
})
afterEach(async () => {
  for (const sender of senders) await sender.settled()
  await github.close()
  await database.remove()
})

/** One server's sender, whose rounds are the test's; servers share the database and the clock. */
function sender(
  options: {
    db?: Db
    forges?: TestForge[]
    tokenOf?: TokenOf
    timing?: Partial<SenderTiming>
  } = {},
): StatusSender {
  const { forges = [github], tokenOf = () => Promise.resolve(null), timing } = options
  const made = new StatusSender({
    db: options.db ?? db,
    forges: new Map(forges.map(({ forge }) => [forge.settings.kind, forge])),
    ...{ secrets, tokenOf, logger, clock: { now: () => now }, prefix: 'ci' },
    publicUrl: () => 'https://ci.example.org/',
    timing: { gapMs: GAP_MS, claimMs: CLAIM_MS, random: () => 0, ...timing },
  })
  senders.push(made)
  return made
}

/** What another server has the database by; SQLite is one server's. */
const another = (): Promise<Db> => (TEST_STORE === 'SQLite' ? Promise.resolve(db) : database.open())

/** All that is due, and what becomes due by that. */
async function run(one: StatusSender): Promise<void> {
  await one.round()
  await one.settled()
}

async function addRepo(name = 'write', kind: ForgeKind | '' = 'github'): Promise<number> {
  const id = await addRepoTo(db, name)
  await db.updateTable('repos').set({ owner: 'octo', forge: kind }).where('id', '=', id).execute()
  return id
}

const addBuild = (
  repoId: number,
  facts: Parameters<typeof addBuildTo>[2] = {},
): Promise<BuildRow> => addBuildTo(db, repoId, { after: COMMIT, ...facts })

function change(build: BuildRow, status: Status, error = ''): Promise<void> {
  return db
    .transaction()
    .execute((tx) => updateBuild(tx, build.id, { status, error, updated: now }))
}

const taken = (): string[] =>
  github.world.statuses.map(({ context, state }) => `${context} ${state}`)
const row = () => db.selectFrom('statuses').selectAll().executeTakeFirstOrThrow()

/** A gate for requests: they wait until it is opened. */
function gate(): { readonly until: Promise<void>; open(): void } {
  let open = (): void => undefined
  const until = new Promise<void>((resolve) => (open = resolve))
  return { until, open: () => open() }
}

describe('the status of a build', () => {
  it('is sent when the build is made, when it starts, and when it has ended', async () => {
    const build = await addBuild(await addRepo())
    const server = sender()
    await run(server)
    now += GAP_MS
    await change(build, 'running')
    await run(server)
    await change(build, 'success')
    await run(server)
    expect(taken()).toEqual(['ci/push pending', 'ci/push pending', 'ci/push success'])
    expect(github.world.statuses[0]).toMatchObject({
      ...{ repo: 'octo/write', commit: COMMIT, description: 'waits for a runner' },
      link: 'https://ci.example.org/octo/write/1',
    })
    expect(github.standIn.refused).toEqual([])
    expect(await row()).toMatchObject({ due: null, failures: 0, error: '', state: 'success' })
  })

  it('tells which step failed, and leads there', async () => {
    const build = await addBuild(await addRepo())
    await storeStages(db, build, [stagePlan()])
    const stage = await stageOf(db, build)
    await updateStage(db, stage.id, { status: 'failure', updated: now })
    const end = { status: 'failure', exit_code: 2, started: 1_000, stopped: 42_000 } as const
    await updateStep(db, stage.id, 1, end)
    await change(build, 'failure')
    await run(sender())
    expect(github.world.statuses).toMatchObject([
      {
        ...{ state: 'failure', description: 'step hello failed with exit code 2 after 41 s' },
        link: 'https://ci.example.org/octo/write/1/1/1',
      },
    ])
  })

  it('is noted with the change or not at all', async () => {
    const build = await addBuild(await addRepo())
    const broken = db.transaction().execute(async (tx) => {
      await updateBuild(tx, build.id, { status: 'success', updated: now })
      throw new Error('no')
    })
    await expect(broken).rejects.toThrow('no')
    expect(await row()).toMatchObject({ wanted: 1 })
  })

  it('is not there for repos at no forge, and for no commit', async () => {
    await addBuild(await addRepo('admin', ''))
    await addBuild(await addRepo(), { after: '0'.repeat(40) })
    expect(await db.selectFrom('statuses').selectAll().execute()).toEqual([])
  })

  it('is the newest one: what comes while it is sent comes after, what is between is left out', async () => {
    const build = await addBuild(await addRepo())
    const server = sender()
    const held = gate()
    github.standIn.faults.push({ kind: 'held', until: held.until })
    await server.round()
    await until(() => github.standIn.requests.length === 1)
    await change(build, 'running')
    await change(build, 'failure')
    await run2(server, held)
    expect(taken()).toEqual(['ci/push pending', 'ci/push failure'])
  })

  it('comes at most once in a while before it has ended, and at once then', async () => {
    const build = await addBuild(await addRepo())
    const server = sender()
    await run(server)
    for (let change_ = 0; change_ < 5; change_++) {
      now += 500
      await change(build, change_ % 2 === 0 ? 'running' : 'pending')
      await run(server)
    }
    expect(taken()).toHaveLength(1)
    now += GAP_MS
    await run(server)
    expect(taken()).toHaveLength(2)
    await change(build, 'success')
    await run(server)
    expect(taken()).toHaveLength(3)
  })

  it('is not sent again when nothing of it has changed', async () => {
    const build = await addBuild(await addRepo())
    const server = sender()
    await run(server)
    now += GAP_MS
    await change(build, 'pending')
    await run(server)
    expect(taken()).toHaveLength(1)
    expect(await row()).toMatchObject({ due: null, wanted: 2, sent: 2 })
  })

  it('is that of the newest build of a commit and context; other contexts are apart', async () => {
    const repo = await addRepo()
    const [old, newer] = [await addBuild(repo), await addBuild(repo)]
    await addBuild(repo, { event: 'cron', cron: 'nightly' })
    const server = sender()
    await run(server)
    await change(newer, 'success')
    await run(server)
    await change(old, 'failure')
    await run(server)
    expect(taken()).toEqual(['ci/push pending', 'ci/cron/nightly pending', 'ci/push success'])
    const views = await createStatusService(db, 'ci').ofBuild({ id: repo } as never, old)
    expect(views.map(({ context, build, state }) => [context, build, state])).toEqual([
      ['ci/cron/nightly', 3, 'pending'],
      ['ci/push', 2, 'success'],
    ])
  })
})

async function run2(server: StatusSender, held: { open(): void }): Promise<void> {
  held.open()
  await server.settled()
  await run(server)
}

describe('a forge in trouble', () => {
  it('is tried again, later each time, and gets the newest state then', async () => {
    const build = await addBuild(await addRepo())
    const server = sender()
    for (let failure = 0; failure < 3; failure++) {
      github.standIn.faults.push({ kind: 'answer', answer: { status: 502, body: 'bad' } })
    }
    const waits: number[] = []
    for (let failure = 0; failure < 3; failure++) {
      await run(server)
      const { due } = await row()
      await run(server)
      expect(github.standIn.requests).toHaveLength(failure + 1)
      waits.push(due! - now)
      now = due!
    }
    expect(waits).toEqual([1_000, 2_000, 4_000])
    await change(build, 'success')
    await run(server)
    expect(taken()).toEqual(['ci/push success'])
    expect(await row()).toMatchObject({ failures: 0, failing_since: 0, error: '' })
  })

  it('is not asked before it wants to be, also for other statuses with that token', async () => {
    const repo = await addRepo()
    await addBuild(repo)
    const server = sender()
    const answer = { status: 429, body: {}, headers: { 'retry-after': '100' } }
    github.standIn.faults.push({ kind: 'answer', answer })
    await run(server)
    expect((await row()).due! - now).toBeGreaterThanOrEqual(100_000)
    await addBuild(repo, { event: 'tag', ref: 'refs/tags/v1' })
    await run(server)
    expect(github.standIn.requests).toHaveLength(1)
    now += 102_000
    await run(server)
    expect(taken().sort()).toEqual(['ci/push pending', 'ci/tag pending'])
  })

  it('is given up after a day, and the reason can be read; the next change is sent again', async () => {
    const repo = await addRepo()
    const build = await addBuild(repo)
    const server = sender()
    github.standIn.faults.push({ kind: 'reset' })
    await run(server)
    now += 24 * 3_600_000
    github.standIn.faults.push({ kind: 'reset' })
    await run(server)
    const [view] = await createStatusService(db, 'ci').ofBuild({ id: repo } as never, build)
    expect(view).toMatchObject({ due: null, failures: 2, state: '' })
    expect(view?.error).toMatch(/127\.0\.0\.1:\d+: .*\(given up\)$/)
    await change(build, 'success')
    await run(server)
    expect(taken()).toEqual(['ci/push success'])
  })

  it.each([401, 403, 404, 422])(
    'is not asked twice for what it refuses with %d',
    async (status) => {
      await addBuild(await addRepo())
      const server = sender()
      github.standIn.faults.push({ kind: 'answer', answer: { status, body: { message: 'no' } } })
      await run(server)
      now += 24 * 3_600_000
      await run(server)
      expect(github.standIn.requests).toHaveLength(1)
      expect(await row()).toMatchObject({ due: null, failures: 1, claim: '' })
      expect((await row()).error).toMatch(/no/)
    },
  )

  it('holds up nobody but itself, and gets few requests at a time', async () => {
    const gitea = await startForge('gitea', { token: TOKEN })
    const held = gate()
    const slow = await addRepo('admin', 'gitea')
    for (let tag = 0; tag < 10; tag++)
      await addBuild(slow, { event: 'promote', deployTo: `e${tag}` })
    for (let tag = 0; tag < 10; tag++)
      gitea.standIn.faults.push({ kind: 'held', until: held.until })
    const server = sender({ forges: [gitea, github] })
    await server.round()
    await until(() => gitea.standIn.active === 4)
    await addBuild(await addRepo())
    await server.round()
    await until(() => taken().length === 1)
    expect(gitea.world.statuses).toHaveLength(0)
    held.open()
    await until(() => gitea.world.statuses.length === 10)
    expect(gitea.standIn.activeMax).toBe(4)
    await server.settled()
    await gitea.close()
  })

  it('that is not set up is told', async () => {
    await addBuild(await addRepo('read', 'gitlab'))
    await run(sender())
    expect(await row()).toMatchObject({
      due: null,
      error: "this server's settings have no such forge",
    })
  })
})

describe('the token', () => {
  const authorizations = (): (string | undefined)[] =>
    github.standIn.requests.map(({ headers }) => headers.authorization)

  it("is the repo's own, else that of who added it, else the installation's", async () => {
    const repo = await addRepo()
    const server = sender({ tokenOf: (id) => Promise.resolve(id === 5 ? 'of-jane' : null) })
    const sealed = secrets.seal('of-repo', forgeTokenContext({ owner: 'octo', name: 'write' }))
    const columns = [
      { user_id: 5, forge_token: sealed },
      { user_id: 5, forge_token: null },
      { user_id: 6 },
    ]
    for (const [index, set] of columns.entries()) {
      await db.updateTable('repos').set(set).where('id', '=', repo).execute()
      await addBuild(repo, { event: 'promote', deployTo: `e${index}` })
      await run(server)
    }
    expect(authorizations()).toEqual(['Bearer of-repo', 'Bearer of-jane', `Bearer ${TOKEN}`])
  })

  it('that is missing, or can not be opened, is told and tried no more', async () => {
    const bare = await startForge('gitea')
    const repo = await addRepo('admin', 'gitea')
    await addBuild(repo)
    const server = sender({ forges: [bare] })
    await run(server)
    expect(await row()).toMatchObject({ due: null, error: 'there is no token for gitea' })
    await db.updateTable('repos').set({ forge_token: 'damaged' }).where('id', '=', repo).execute()
    await addBuild(repo)
    await run(server)
    expect((await row()).due).toBeNull()
    expect((await row()).error).toMatch(/decrypt the forge token of octo\/admin/)
    await bare.close()
  })
})

describe('several servers', () => {
  it('send each status once', async () => {
    const repo = await addRepo()
    for (let each = 0; each < 30; each++)
      await addBuild(repo, { event: 'promote', deployTo: `e${each}` })
    const servers = [sender(), sender({ db: await another() }), sender({ db: await another() })]
    while (taken().length < 30) await Promise.all(servers.map(run))
    expect(new Set(taken()).size).toBe(30)
    expect(taken()).toHaveLength(30)
  })

  it('take over what a server that is gone has claimed, when its time is over', async () => {
    await addBuild(await addRepo())
    const held = gate()
    github.standIn.faults.push({ kind: 'held', until: held.until })
    await sender().round()
    await until(() => github.standIn.requests.length === 1)
    const other = sender({ db: await another() })
    now += CLAIM_MS - 1
    await run(other)
    expect(github.standIn.requests).toHaveLength(1)
    now += 1
    await run(other)
    expect(taken()).toEqual(['ci/push pending'])
    held.open()
  })

  it('leave the newest state at the forge, also when one that stalled sends an older one late', async () => {
    const build = await addBuild(await addRepo())
    const held = gate()
    github.standIn.faults.push({ kind: 'held', until: held.until })
    const stalled = sender()
    await stalled.round()
    await until(() => github.standIn.requests.length === 1)
    await change(build, 'success')
    now += CLAIM_MS
    const other = sender({ db: await another() })
    await run(other)
    expect(taken()).toEqual(['ci/push success'])
    held.open()
    await stalled.settled()
    expect(taken()).toEqual(['ci/push success', 'ci/push pending'])
    await run(other)
    expect(taken().at(-1)).toBe('ci/push success')
  })

  it('do not begin to send what they may not finish in time', async () => {
    await addBuild(await addRepo())
    const tokenOf = (): Promise<string> => {
      now += CLAIM_MS
      return Promise.resolve(TOKEN)
    }
    await db.updateTable('repos').set({ user_id: 5 }).execute()
    await run(sender({ tokenOf }))
    expect(github.standIn.requests).toHaveLength(0)
    expect(await row()).toMatchObject({
      claim: '',
      failures: 0,
      error: 'the server was too slow to send it',
    })
    await run(sender())
    expect(taken()).toEqual(['ci/push pending'])
  })

  it('never go back, whatever goes wrong: only forwards, to the end', async () => {
    const gitlab = await startForge('gitlab', { token: TOKEN })
    const repo = await addRepo('write', 'gitlab')
    const builds = await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        addBuild(repo, { event: 'promote', deployTo: `e${index}` }),
      ),
    )
    const servers = [
      sender({ forges: [gitlab] }),
      sender({ forges: [gitlab], db: await another() }),
    ]
    const order: readonly Status[] = ['pending', 'running', 'success']
    for (const status of order) {
      for (const build of builds) {
        await change(build, status)
        const fault = [
          { kind: 'answer', answer: { status: 500, body: 'x' } } as const,
          { kind: 'reset' } as const,
          { kind: 'reset', after: true } as const,
          { kind: 'slow', ms: 20 } as const,
        ][Math.floor(Math.random() * 6)]
        if (fault) gitlab.standIn.faults.push(fault)
        now += 3_000
        await Promise.all(servers.map((one) => one.round()))
      }
    }
    gitlab.standIn.faults.length = 0
    await until(async () => {
      now += 60_000
      for (const one of servers) await run(one)
      return (
        (await db.selectFrom('statuses').select('id').where('due', 'is not', null).execute())
          .length === 0
      )
    })
    for (const index of builds.keys()) {
      const states = gitlab.world.statuses.filter(
        ({ context }) => context === `ci/promote/e${index}`,
      )
      const ranks = states.map(({ state }) => order.indexOf(state as Status))
      expect(ranks).toEqual([...ranks].sort((a, b) => a - b))
      expect(states.at(-1)?.state).toBe('success')
    }
    await gitlab.close()
  })
})

describe('start and stop', () => {
  it('send what is due by themselves, and end while a forge does not answer', async () => {
    await addBuild(await addRepo())
    const server = sender({ timing: { pollMs: 10 } })
    server.start()
    await until(() => taken().length === 1)
    const held = gate()
    github.standIn.faults.push({ kind: 'held', until: held.until })
    await addBuild(
      await db
        .selectFrom('repos')
        .select('id')
        .executeTakeFirstOrThrow()
        .then(({ id }) => id),
      { event: 'tag' },
    )
    await until(() => github.standIn.requests.length === 2)
    await server.stop()
    held.open()
    expect(
      await db
        .selectFrom('statuses')
        .select('claim')
        .where('context', '=', 'tag')
        .executeTakeFirstOrThrow(),
    ).not.toEqual({ claim: '' })
  })
})
