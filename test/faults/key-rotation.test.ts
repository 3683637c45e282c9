import { afterAll, beforeAll, expect, it } from '@jest/globals'
import path from 'node:path'
import { openDatabase } from '../../server/store/database.js'
import { openSecretBox } from '../../server/secrets/box.js'
import { hookSecretContext } from '../../server/secrets/sealed-columns.js'
import { secretContext } from '../../server/secrets/secret-store.js'
import { connect, startSandpiper, type Api, type SandpiperProcess } from '../support/sandpiper.js'
import { makeScratch } from '../support/scratch.js'

/** A server that is killed while it puts its secrets under a new key. */
const SECRETS = 400
const KILLS = 6

let scratch: { dir: string; remove: () => Promise<void> }
let data: string
let server: SandpiperProcess
let api: Api

async function start(): Promise<void> {
  server = startSandpiper(['server', '--data', data, '--listen', '127.0.0.1:0'])
  api = await connect(data, server)
}

beforeAll(async () => {
  scratch = await makeScratch()
  data = path.join(scratch.dir, 'data')
  await start()
  const clone_url = 'https://git.example.org/o/n.git'
  await api.request('POST', '/api/repos', { slug: 'o/n', clone_url, secret: 'hook secret' })
  for (let index = 0; index < SECRETS; index += 1) {
    const secret = { name: `s${index}`, data: `value ${index}` }
    const added = await api.request('POST', '/api/repos/o/n/secrets', secret)
    expect(added.status).toBe(200)
  }
}, 60_000)

afterAll(async () => {
  await server.end('SIGKILL')
  await scratch.remove()
})

it('opens everything afterwards, whenever it was', async () => {
  const stages: boolean[] = []
  for (let kill = 0; kill < KILLS; kill += 1) {
    const rotated = api.request('POST', '/api/keys/rotate', { remove_old: true }).catch(() => null)
    await new Promise((resolve) => setTimeout(resolve, kill * 12))
    await server.end('SIGKILL')
    const answer = await rotated
    stages.push(answer === null)
    await expectAllOpen()
    await start()
  }
  expect(stages).toContain(true)
  const done = await api.request('POST', '/api/keys/rotate', { new_key: false, remove_old: true })
  expect(await done.json()).toMatchObject({ unreadable: 0, keys: [{ current: true }] })
  await server.end()
  await expectAllOpen()
  await start()
}, 120_000)

async function expectAllOpen(): Promise<void> {
  const db = await openDatabase({ path: path.join(data, 'sandpiper.db') })
  const box = await openSecretBox(path.join(data, 'server.key'))
  const rows = await db.selectFrom('secrets').selectAll().orderBy('id').execute()
  const values = rows.map((row) => box.open(row.data, secretContext(row)))
  expect(values).toEqual(Array.from({ length: SECRETS }, (_, index) => `value ${index}`))
  const repo = await db.selectFrom('repos').selectAll().executeTakeFirstOrThrow()
  expect(box.open(repo.hook_secret, hookSecretContext(repo))).toBe('hook secret')
  await db.destroy()
}
