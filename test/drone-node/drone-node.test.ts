import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { Client } from 'drone-node'
import type { Repo } from '../../server/services.js'
import { SIMPLE, TestServer } from '../../server/testing/test-server.js'

type Method = (...args: unknown[]) => Promise<unknown>
type DroneClient = Readonly<Record<string, Method>>

/** What Drone has and we don't, or have otherwise. */
const ABSENT: Readonly<Record<string, string>> = {
  encryptSecret: 'secrets are kept by the server, not in the file',
  signConfig: 'files are not signed: `protected` and `require_approval` say who lets them run',
  getCollaborators: 'roles given by hand are under `members`',
  getCollaborator: 'roles given by hand are under `members`',
  deleteCollaborator: 'roles given by hand are under `members`',
  updateSelf: 'name and address come from the forge',
  recentBuilds: 'no list of builds over repos but for administrators',
  userRepos: 'an administrator sees all repos anyway',
  resumeQueue: 'the queue is never paused',
  pauseQueue: 'the queue is never paused',
}

let test: TestServer
let repo: Repo
let client: DroneClient
let admin: DroneClient

function clientWith(token: string): DroneClient {
  const Made = Client as unknown as new (config: object) => DroneClient
  return new Made({ url: test.server.address, token })
}

beforeAll(async () => {
  test = await TestServer.start()
  repo = await test.addRepo()
  test.runner().work()
  const commit = await test.git.commit({ '.pipeline.yml': SIMPLE })
  await test.push(repo, commit)
  await test.ended(repo, 1)
  admin = clientWith(test.server.adminToken)
  const robot = await admin['createUser']?.({ login: 'robot', machine: true, admin: true })
  client = clientWith((robot as { token: string }).token)
})
afterAll(() => test.stop())

interface Call {
  readonly name: string
  readonly args: readonly unknown[]
  readonly answer: unknown
}

const BUILD = { number: 1, status: 'success', event: 'push', target: 'main', author_login: 'a' }
const SECRET = { name: 'password', data: 'correct horse' }
const CRON = { name: 'nightly', expr: '0 0 3 * * *', branch: 'main' }
const has = (fields: object) => expect.objectContaining(fields)
const some = (fields: object) => expect.arrayContaining([has(fields)])

/** Every other method of the client, in an order in which each can do its work. */
const CALLS: readonly Call[] = [
  { name: 'getSelf', args: [], answer: has({ login: 'robot', admin: true, machine: true }) },
  { name: 'selfRepos', args: [{ latest: true }], answer: some({ slug: 'o/n', active: true }) },
  { name: 'getRepos', args: [], answer: some({ slug: 'o/n' }) },
  { name: 'getRepo', args: ['o', 'n'], answer: has({ namespace: 'o', name: 'n', counter: 1 }) },
  {
    name: 'updateRepo',
    args: ['o', 'n', { timeout: 90, protected: true, visibility: 'internal', trusted: false }],
    answer: has({ timeout: 90, protected: true, visibility: 'internal', trusted: false }),
  },
  { name: 'chownRepo', args: ['o', 'n'], answer: has({ user_id: expect.any(Number) }) },
  { name: 'repairRepo', args: ['o', 'n'], answer: has({ slug: 'o/n' }) },
  { name: 'disableRepo', args: ['o', 'n'], answer: has({ active: false }) },
  { name: 'enableRepo', args: ['o', 'n'], answer: has({ active: true }) },
  { name: 'getBuilds', args: ['o', 'n'], answer: [has(BUILD)] },
  {
    name: 'getBuild',
    args: ['o', 'n', 1],
    answer: has({ ...BUILD, stages: [has({ number: 1 })] }),
  },
  { name: 'latestBuild', args: ['o', 'n', { branch: 'main' }], answer: has(BUILD) },
  {
    name: 'getLogs',
    args: ['o', 'n', 1, 1, 1],
    answer: [{ pos: 0, out: 'step 1\n', time: 0 }],
  },
  { name: 'retryBuild', args: ['o', 'n', 1, {}], answer: has({ number: 2, parent: 1 }) },
  { name: 'cancelBuild', args: ['o', 'n', 2], answer: has({ number: 2 }) },
  { name: 'incompleteBuilds', args: [], answer: expect.any(Array) },
  {
    name: 'triggerBuild',
    args: ['o', 'n', { branch: 'main' }],
    answer: has({ event: 'custom', target: 'main' }),
  },
  {
    name: 'promoteBuild',
    args: ['o', 'n', 1, 'production', { key: 'value' }],
    answer: has({ event: 'promote', deploy_to: 'production', params: has({ key: 'value' }) }),
  },
  {
    name: 'rollbackBuild',
    args: ['o', 'n', 1, 'production', {}],
    answer: has({ event: 'rollback', deploy_to: 'production' }),
  },
  { name: 'deleteLogs', args: ['o', 'n', 1, 1, 1], answer: '' },
  {
    name: 'createSecret',
    args: ['o', 'n', SECRET],
    answer: has({ name: 'password' }),
  },
  {
    name: 'getSecrets',
    args: ['o', 'n'],
    answer: some({ name: 'password' }),
  },
  {
    name: 'getSecret',
    args: ['o', 'n', 'password'],
    answer: has({ name: 'password' }),
  },
  {
    name: 'updateSecret',
    args: ['o', 'n', 'password', { data: 'battery staple' }],
    answer: has({ name: 'password' }),
  },
  {
    name: 'deleteSecret',
    args: ['o', 'n', 'password'],
    answer: '',
  },
  {
    name: 'createGlobalSecret',
    args: ['o', SECRET],
    answer: has({ name: 'password' }),
  },
  {
    name: 'getAllGlobalSecrets',
    args: [],
    answer: some({ name: 'password' }),
  },
  {
    name: 'getGlobalSecrets',
    args: ['o'],
    answer: some({ name: 'password' }),
  },
  {
    name: 'getGlobalSecret',
    args: ['o', 'password'],
    answer: has({ name: 'password' }),
  },
  {
    name: 'updateGlobalSecret',
    args: ['o', 'password', { data: 'battery staple' }],
    answer: has({ name: 'password' }),
  },
  {
    name: 'deleteGlobalSecret',
    args: ['o', 'password'],
    answer: '',
  },
  {
    name: 'createCron',
    args: ['o', 'n', CRON],
    answer: has({ name: 'nightly' }),
  },
  {
    name: 'getCrons',
    args: ['o', 'n'],
    answer: some({ name: 'nightly' }),
  },
  {
    name: 'getCron',
    args: ['o', 'n', 'nightly'],
    answer: has({ name: 'nightly', branch: 'main' }),
  },
  {
    name: 'executeCron',
    args: ['o', 'n', 'nightly'],
    answer: has({ event: 'cron', cron: 'nightly' }),
  },
  {
    name: 'updateCron',
    args: ['o', 'n', 'nightly', { disabled: true }],
    answer: has({ disabled: true }),
  },
  {
    name: 'deleteCron',
    args: ['o', 'n', 'nightly'],
    answer: '',
  },
  { name: 'getQueue', args: [], answer: expect.any(Array) },
  { name: 'getUsers', args: [], answer: some({ login: 'robot' }) },
  { name: 'getUser', args: ['robot'], answer: has({ login: 'robot' }) },
  {
    name: 'createUser',
    args: [{ login: 'other', machine: true }],
    answer: has({ login: 'other', token: expect.any(String) }),
  },
  { name: 'updateUser', args: ['other', { admin: true }], answer: has({ admin: true }) },
  { name: 'deleteUser', args: ['other'], answer: '' },
  { name: 'getSystemStats', args: [], answer: has({ repos: { active: 1 } }) },
  { name: 'purgeBuilds', args: ['o', 'n', 1], answer: '' },
  { name: 'getToken', args: [], answer: has({ token: expect.any(String) }) },
]

/** Calls that a build must wait for approval for, or that a forge must be there for, answer with a problem. */
const REFUSED: readonly (readonly [name: string, args: readonly unknown[], code: RegExp])[] = [
  ['syncRepos', [{ async: false }], /status code 409/],
  ['approveBuild', ['o', 'n', 1, 1], /status code 409/],
  ['declineBuild', ['o', 'n', 1, 1], /status code 409/],
]

describe('Drone’s client', () => {
  it('has no method that is not looked at here', () => {
    const methods = Object.getOwnPropertyNames(Client.prototype).filter(
      (name) => name !== 'constructor',
    )
    const known = [...CALLS.map(({ name }) => name), ...REFUSED.map(([name]) => name)]
    expect([...new Set([...known, ...Object.keys(ABSENT)])].sort()).toEqual([...methods].sort())
  })

  // Before the calls, the last of which takes the client's token away.
  it.each(REFUSED)('%s is refused when there is nothing to do', async (name, args, code) => {
    const error = await client[name]?.(...args).catch((thrown: unknown) => thrown)
    expect((error as Error).message).toMatch(code)
  })

  it.each(CALLS)('$name answers as Drone does', async ({ name, args, answer }) => {
    const use = name === 'createUser' ? admin : client
    expect(await use[name]?.(...args)).toEqual(answer)
  })
})
