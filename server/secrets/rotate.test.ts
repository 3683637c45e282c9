import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { encrypt } from '../../protocol/cipher.js'
import { systemClock as clock } from '../clock.js'
import type { Db } from '../store/database.js'
import { TestDatabase } from '../testing/test-database.js'
import { openSecretBox, type RewrappingBox } from './box.js'
import { createKeyService, type KeyService } from './rotate.js'

let directory: string
let database: TestDatabase
let db: Db
let box: RewrappingBox
let keys: KeyService
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sandpiper-keys-'))
  database = await TestDatabase.create()
  db = await database.open()
  box = await openSecretBox(join(directory, 'server.key'))
  keys = createKeyService({ db, box, clock, logger: pino({ level: 'silent' }) })
})
afterEach(async () => {
  await database.remove()
  await rm(directory, { recursive: true })
})

async function addSecrets(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const name = `s${index}`
    const row = { repo_id: null, namespace: 'o', name, data: box.seal(`value ${name}`, name) }
    const lists = { events_json: '[]', images_json: '[]', branches_json: '[]' }
    const flags = { pull_request: 0, pull_request_push: 0, created: 1, updated: 1 }
    await db
      .insertInto('secrets')
      .values({ ...row, ...lists, ...flags })
      .execute()
  }
}

async function opened(by: RewrappingBox): Promise<string[]> {
  const rows = await db.selectFrom('secrets').select(['name', 'data']).orderBy('id').execute()
  return rows.map(({ name, data }) => by.open(data, name))
}

const expected = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `value s${index}`)

describe('a new key', () => {
  it('is for all that is sealed, and the old one is removed only when nothing has it', async () => {
    await addSecrets(450)
    const old = box.ring.current.id
    const { rewrapped, unreadable, keys: uses } = await keys.rotate(null)
    expect({ rewrapped, unreadable }).toEqual({ rewrapped: 450, unreadable: 0 })
    expect(uses).toEqual([
      { id: box.ring.current.id, current: true, uses: 450 },
      { id: old, current: false, uses: 0 },
    ])
    expect(await opened(box)).toEqual(expected(450))
    await keys.rotate(null, { newKey: false, removeOld: true })
    expect(box.ring.keys).toHaveLength(1)
    expect(await opened(await openSecretBox(box.ring.path))).toEqual(expected(450))
    expect((await readFile(box.ring.path, 'utf8')).trim().split('\n')).toHaveLength(1)
  })

  it('is taken up by another server with the same file', async () => {
    const other = await openSecretBox(box.ring.path)
    await addSecrets(2)
    await keys.rotate(null)
    expect(await opened(other)).toEqual(expected(2))
    expect(other.seal('x', 'c')).toContain(`v2:${box.ring.current.id}:`)
  })

  it('is one for each of two that ask at once, and none is lost', async () => {
    await addSecrets(3)
    const second = await openSecretBox(box.ring.path)
    const others = createKeyService({ db, box: second, clock, logger: pino({ level: 'silent' }) })
    await Promise.all([keys.rotate(null), others.rotate(null), keys.rotate(null)])
    expect(box.ring.keys).toHaveLength(4)
    expect(await opened(box)).toEqual(expected(3))
  })

  it('is given to what was sealed without an envelope too', async () => {
    const { key } = box.ring.current
    const old = `v1:${encrypt(key, Buffer.from('x'), 'hook secret of o/n').toString('base64')}`
    const texts = { owner: 'o', name: 'n', clone_url: '', default_branch: '', link: '' }
    const numbers = { allow_file_transport: 0, private: 0, active: 1, counter: 0, timeout_ms: 1 }
    const times = { created: 1, updated: 1 }
    await db
      .insertInto('repos')
      .values({ ...texts, ...numbers, ...times, hook_secret: old })
      .execute()
    await keys.rotate(null, { removeOld: true })
    expect(box.ring.keys).toHaveLength(1)
    const { hook_secret } = await db
      .selectFrom('repos')
      .select('hook_secret')
      .executeTakeFirstOrThrow()
    expect(hook_secret).toContain(`v2:${box.ring.current.id}:`)
    expect(box.open(hook_secret, 'hook secret of o/n')).toBe('x')
  })

  it('leaves what no key opens, says so, and keeps every other key that is needed', async () => {
    await addSecrets(3)
    await db
      .updateTable('secrets')
      .set({ data: 'v2:0123456789abcdef:AAAA:AAAA' })
      .where('name', '=', 's1')
      .execute()
    const { rewrapped, unreadable } = await keys.rotate(null, { removeOld: true })
    expect({ rewrapped, unreadable }).toEqual({ rewrapped: 2, unreadable: 1 })
  })

  it('is written down with who made it', async () => {
    await keys.rotate({ userId: 3, login: 'ada', admin: true, via: 'token', scope: null })
    const [row] = await db.selectFrom('audit').selectAll().execute()
    expect(row).toMatchObject({ login: 'ada', action: 'key.rotate' })
    expect(row?.subject).toBe(`key ${box.ring.current.id}`)
  })
})
