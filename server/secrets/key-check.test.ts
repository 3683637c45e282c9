import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import type { Db } from '../store/database.js'
import { addRepoTo } from '../testing/plans.js'
import { TestDatabase } from '../testing/test-database.js'
import { createSecretBox } from './box.js'
import { checkKeys } from './key-check.js'

let database: TestDatabase
let db: Db
beforeEach(async () => {
  database = await TestDatabase.create()
  db = await database.open()
})
afterEach(() => database.remove())

const box = () => createSecretBox(randomBytes(32))
const WRONG = { code: 'SP_SECRET_KEY_WRONG' }

it('lets servers with the same keys start, and no other', async () => {
  const ours = box()
  await checkKeys(db, ours)
  await checkKeys(db, ours)
  await expect(checkKeys(db, box())).rejects.toMatchObject(WRONG)
})

it('lets one of two start that come first with keys of their own', async () => {
  const results = await Promise.allSettled([checkKeys(db, box()), checkKeys(db, box())])
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
})

it('looks at the secrets of a database that knows no check yet', async () => {
  // Its secret is sealed with none of our keys.
  await addRepoTo(db)
  await expect(checkKeys(db, box())).rejects.toMatchObject(WRONG)
  expect(await db.selectFrom('installation').selectAll().execute()).toEqual([])
})
