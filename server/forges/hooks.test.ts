import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { startForge, type TestForge } from './testing/all.js'
import { TOKEN } from './testing/world.js'
import { FORGE_KINDS } from './types.js'

let started: TestForge
afterEach(() => started.close())

const HOOK = {
  url: 'https://ci.example.org/hooks/x?repo=octo/admin',
  secret: 'a secret of more than 16',
}
const OTHER = { ...HOOK, url: 'https://other.example.org/hooks/x' }
const ref = { slug: 'octo/admin', remoteId: '' }
const texts = () => started.world.hooks.map(({ body }) => JSON.stringify(body))

describe.each(FORGE_KINDS)('webhooks at %s', (kind) => {
  beforeEach(async () => {
    started = await startForge(kind)
  })

  test('one is made in the words of the forge, with its secret and the events that are read', async () => {
    await started.forge.ensureHook(TOKEN, ref, HOOK)
    expect(started.standIn.refused).toEqual([])
    expect(texts()).toHaveLength(1)
    expect(texts()[0]).toContain(HOOK.secret)
    expect(texts()[0]).toMatch(/push|refs_changed/)
    expect(texts()[0]).toContain(HOOK.url)
  })

  test('one that is there is changed, and copies of it are removed, on whichever page they are', async () => {
    for (let count = 0; count < 3; count++) await started.forge.ensureHook(TOKEN, ref, OTHER)
    for (const { body } of [...started.world.hooks]) {
      const copy = JSON.parse(
        JSON.stringify(body).replaceAll(OTHER.url, 'https://ci.example.org/hooks/x'),
      ) as unknown
      started.world.hooks.push({ id: 8, repo: 'octo/admin', body: copy })
      started.world.hooks.push({ id: 9, repo: 'octo/admin', body: copy })
    }
    expect(started.world.hooks.map(({ id }) => id)).toEqual([1, 8, 9])
    await started.forge.ensureHook(TOKEN, ref, { ...HOOK, secret: 'another, of more than 16' })
    expect(started.standIn.refused).toEqual([])
    expect(started.world.hooks.map(({ id }) => id)).toEqual([1, 8])
    expect(texts()[1]).toContain('another, of more than 16')
    expect(texts()[1]).toContain(HOOK.url)
  })

  test('one is removed, and no other', async () => {
    await started.forge.ensureHook(TOKEN, ref, OTHER)
    await started.forge.ensureHook(TOKEN, ref, HOOK)
    await started.forge.removeHook(TOKEN, ref, HOOK.url)
    await started.forge.removeHook(TOKEN, ref, HOOK.url)
    expect(started.standIn.refused).toEqual([])
    expect(texts()).toHaveLength(1)
    expect(texts()[0]).toContain(OTHER.url)
  })

  test('who is no administrator there is told, and not which token', async () => {
    const asked = started.forge.ensureHook(TOKEN, { slug: 'octo/read', remoteId: '' }, HOOK)
    const status = kind === 'github' ? 404 : 403
    await expect(asked).rejects.toMatchObject({ code: 'SP_FORGE_FAILED', status, again: false })
    await expect(asked).rejects.not.toThrow(TOKEN)
  })
})
