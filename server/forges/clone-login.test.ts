import { expect, test } from '@jest/globals'
import { pino } from 'pino'
import type { SecretBox } from '../secrets/box.js'
import { TestDatabase } from '../testing/test-database.js'
import { insertRepo, type RepoRow } from '../store/repos.js'
import { createCloneLogins, loginOf } from './clone-login.js'
import { createForges } from './create-forges.js'
import type { ForgeKind } from './types.js'

test.each<[ForgeKind, string, string, string]>([
  ['github', 'ghp_x', 'x-access-token', 'ghp_x'],
  ['gitea', 'x', 'oauth2', 'x'],
  ['forgejo', 'x', 'oauth2', 'x'],
  ['gitlab', 'glpat-x', 'oauth2', 'glpat-x'],
  ['bitbucket', 'ATCTT-x', 'x-token-auth', 'ATCTT-x'],
  ['bitbucket', 'jane@example.org:ATATT-x', 'x-bitbucket-api-token-auth', 'ATATT-x'],
  ['bitbucket', 'jane:pass:word', 'jane', 'pass:word'],
  ['bitbucket-server', 'x', 'x-token-auth', 'x'],
  ['bitbucket-server', 'jane:pass', 'jane', 'pass'],
])('%s: %s is %s with %s', (kind, token, username, password) => {
  expect(loginOf(kind, token)).toEqual({ username, password })
})

const REPO = {
  ...{ allow_file_transport: 0, default_branch: 'main', link: '', private: 0, hook_secret: '' },
  ...{ active: 1, counter: 0, timeout_ms: 1, network_allow: null, created: 1, updated: 1 },
}

test('a login is for a clone address at the forge itself, over https, the own token before the server’s before a person’s', async () => {
  const database = await TestDatabase.create()
  const db = await database.open()
  const settings = { kind: 'gitea', url: 'https://git.example.org', token: 'server' } as const
  const logged: string[] = []
  const open = { open: (text: string) => text.replace('sealed ', '') } as unknown as SecretBox
  const broken = {
    open: () => {
      throw new Error('it is damaged')
    },
  } as unknown as SecretBox
  let count = 0
  const add = async (clone_url: string, facts: object = {}): Promise<RepoRow> => {
    const names = { owner: 'o', name: `n${count++}`, forge: 'gitea', user_id: 7, forge_token: null }
    return (await insertRepo(db, { ...REPO, ...names, clone_url, ...facts }))!
  }
  const passwordOf = async (repo: RepoRow, server: object = {}, secrets = open) => {
    const forges = createForges([{ ...settings, ...server }])
    const tokenOf = () => Promise.resolve('person')
    const logger = pino({}, { write: (line: string) => void logged.push(line) })
    const login = await createCloneLogins({ db, forges, secrets, tokenOf, logger })(repo)
    for (const forge of forges.values()) await forge.close()
    return login?.password ?? null
  }
  try {
    const plain = await add('https://git.example.org/o/n.git')
    expect(await passwordOf(plain)).toBe('server')
    expect(await passwordOf(plain, { token: undefined })).toBe('person')
    const own = await add('https://git.example.org/o/n.git', { forge_token: 'sealed own' })
    expect(await passwordOf(own)).toBe('own')
    expect(await passwordOf(own, {}, broken)).toBeNull()
    expect(logged.join('')).toContain('it is damaged')
    for (const address of [
      'http://git.example.org/o/n.git',
      'https://git.example.org:8443/o/n.git',
      'https://git.example.org.evil.example/o/n.git',
      'https://git.example.org@evil.example/o/n.git',
      'https://jane:secret@git.example.org/o/n.git',
      'git@git.example.org:o/n.git',
      '/srv/n.git',
    ]) {
      expect([address, await passwordOf(await add(address))]).toEqual([address, null])
    }
    const elsewhere = await add('https://git.example.org/o/n.git', { forge: 'github' })
    expect(await passwordOf(elsewhere)).toBeNull()
  } finally {
    await database.remove()
  }
})
