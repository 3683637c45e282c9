import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { startForge, type TestForge } from '../forges/testing/all.js'
import { TOKEN } from '../forges/testing/world.js'
import { AUTHORIZED, HttpFixture } from './testing/fixture.js'

interface Answer {
  readonly active: boolean
  readonly hook: { readonly set: boolean; readonly reason: string }
  readonly hook_secret: string
}

let started: TestForge
let fixture: HttpFixture
beforeEach(async () => {
  started = await startForge('gitea')
  fixture = await open()
})
afterEach(async () => {
  await fixture.close()
  await started.close()
})

const open = (hookUrl: string | null = 'https://ci.example.org/') =>
  HttpFixture.open({ forges: new Map([['gitea' as const, started.forge]]), hookUrl })

async function send(method: 'POST' | 'DELETE', path: string, payload?: object): Promise<Answer> {
  const url = `/api/repos${path}`
  const options = payload === undefined ? {} : { payload }
  const answer = await fixture.app.inject({ method, url, headers: AUTHORIZED, ...options })
  expect([200, 201, 204]).toContain(answer.statusCode)
  return answer.statusCode === 204 ? ({} as Answer) : answer.json<Answer>()
}

const add = (facts: object = {}) =>
  send('POST', '', {
    ...{ slug: 'octo/admin', clone_url: 'https://git.example.org/octo/admin.git' },
    ...{ forge: 'gitea', forge_token: TOKEN, ...facts },
  })
const hooks = () =>
  started.world.hooks.map(
    ({ body }) => (body as { config: { url: string; secret: string } }).config,
  )

describe('the webhook of a repo', () => {
  it('is set when it is added, and the events that it brings are signed with its secret', async () => {
    const added = await add()
    expect(added.hook).toEqual({ set: true, reason: '' })
    expect(started.standIn.refused).toEqual([])
    expect(hooks()).toEqual([
      {
        url: 'https://ci.example.org/hooks/gitea?repo=octo/admin',
        secret: added.hook_secret,
        content_type: 'json',
      },
    ])
  })

  it('goes when it is disabled, comes when it is enabled, once, and goes when it is removed', async () => {
    const { hook_secret: secret } = await add()
    expect(await send('DELETE', '/octo/admin')).toMatchObject({
      active: false,
      hook: { set: false, reason: '' },
    })
    expect(hooks()).toEqual([])
    for (let count = 0; count < 2; count++) {
      expect(await send('POST', '/octo/admin')).toMatchObject({ active: true, hook: { set: true } })
    }
    expect(hooks().map((hook) => hook.secret)).toEqual([secret])
    await send('DELETE', '/octo/admin?remove=true')
    expect(hooks()).toEqual([])
    expect(started.standIn.refused).toEqual([])
  })

  it('is for the user to set where the token may not, and the repo is added all the same', async () => {
    const added = await add({ slug: 'octo/read' })
    expect(added.active).toBe(true)
    expect(added.hook.set).toBe(false)
    expect(added.hook.reason).toMatch(/403.*administrator of the repo.*by hand/)
    expect(JSON.stringify(added) + fixture.logged.join('')).not.toContain(TOKEN)
  })

  it('is for the user to set where the forge is down, and can be removed from a forge that is', async () => {
    started.standIn.faults.push({ kind: 'reset' })
    expect((await add()).hook.reason).toMatch(/Check the address.*by hand/)
    expect((await send('POST', '/octo/admin')).hook.set).toBe(true)
    started.standIn.faults.push({ kind: 'reset' })
    const disabled = await send('DELETE', '/octo/admin')
    expect(disabled).toMatchObject({ active: false, hook: { set: true } })
    expect(disabled.hook.reason).toMatch(/remove the webhook there by hand/)
  })

  it('is not set for a server whose address nobody has said', async () => {
    await fixture.close()
    fixture = await open(null)
    expect((await add()).hook.reason).toContain('SANDPIPER_PUBLIC_URL')
    expect(started.standIn.requests).toEqual([])
  })

  it.each([
    [{ forge: '' }, /no forge/],
    [{ forge_token: undefined }, /no token/],
  ])('is not set for %j', async (facts, reason) => {
    const { hook } = await add(facts)
    expect(hook.set).toBe(false)
    expect(hook.reason).toMatch(reason)
    expect(started.standIn.requests).toEqual([])
  })
})
