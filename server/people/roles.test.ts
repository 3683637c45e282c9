import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { HttpFixture } from '../http/testing/fixture.js'
import type { Principal } from './principal.js'

let fixture: HttpFixture

beforeAll(async () => {
  fixture = await HttpFixture.open()
  await fixture.addRepo('acme', 'theirs', 'the-secret-of-hooks')
  await fixture.addRepo('ACME', 'mine', 'the-secret-of-hooks')
})

afterAll(() => fixture.close())

test('what is for all repos of an owner is not for who has some of them in another spelling', async () => {
  const { repos, people } = fixture.services
  const { user } = await people.users.addMachine(ADMIN, { login: 'mallory', admin: false })
  const [mine, theirs] = [await repos.find('ACME', 'mine'), await repos.find('acme', 'theirs')]
  if (mine === null || theirs === null) throw new Error('no repos')
  const mallory: Principal = { ...ADMIN, userId: user.id, login: user.login, admin: false }
  await people.roles.setMember(ADMIN, mine, user, 'admin')
  expect(await people.roles.inNamespace(mallory, 'ACME')).toBe('read')
  expect(await people.roles.inNamespace(mallory, 'acme')).toBe('read')
  await people.roles.setMember(ADMIN, theirs, user, 'admin')
  expect(await people.roles.inNamespace(mallory, 'Acme')).toBe('admin')
})

const ADMIN = { userId: 0, login: 'admin', admin: true, via: 'admin-token', scope: null } as const
