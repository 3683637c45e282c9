import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { XMLParser } from 'fast-xml-parser'
import type { Status } from '../../protocol/status.js'
import { AUTHORIZED, HttpFixture } from '../http/testing/fixture.js'
import { updateBuild } from '../store/builds.js'
import { badgeSvg } from './badge.js'
import { cctray } from './cctray.js'

let fixture: HttpFixture
beforeAll(async () => {
  fixture = await HttpFixture.open()
  await fixture.addRepo('octo', 'hello', 'a-hook-secret')
})
afterAll(() => fixture.close())

/** Throws where it is not well-formed. */
function parse(xml: string): unknown {
  return new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '' }).parse(xml, true)
}

async function get(path: string) {
  return fixture.app.inject({ url: `/api/badges/octo/hello/${path}`, headers: AUTHORIZED })
}

/** A build of `main` that stands so. */
async function build(status: Status): Promise<void> {
  await fixture.manyBuilds('octo', 'hello', 1)
  const repo = (await fixture.services.repos.find('octo', 'hello'))!
  const { id } = (await fixture.services.builds.find(repo, repo.counter))!.build
  const isOver = status !== 'running'
  const finished = isOver ? 1_795_000_000_000 : 0
  await updateBuild(fixture.db, id, { status, finished, updated: Date.now() })
}

describe('a badge', () => {
  it('shows how the branch stood last, whatever runs now', async () => {
    expect((await get('status.svg')).body).toContain('>none<')
    await build('failure')
    const failing = await get('status.svg')
    expect(failing.headers['content-type']).toBe('image/svg+xml')
    expect(failing.body).toContain('>failing<')
    await build('running')
    expect((await get('status.svg')).body).toContain('>failing<')
    await build('success')
    expect((await get('status.svg')).body).toContain('>passing<')
    expect((await get('status.svg?branch=other')).body).toContain('>none<')
    expect((await get('status.svg?ref=refs/heads/main')).body).toContain('>passing<')
  })

  it('is fetched again only when it has changed', async () => {
    const { headers } = await get('status.svg')
    const again = await fixture.app.inject({
      url: '/api/badges/octo/hello/status.svg',
      headers: { ...AUTHORIZED, 'if-none-match': String(headers.etag) },
    })
    expect([again.statusCode, again.body]).toEqual([304, ''])
  })

  it('tells a stranger nothing of a repo that is not public', async () => {
    const hidden = await fixture.app.inject('/api/badges/octo/hello/status.svg')
    const none = await fixture.app.inject('/api/badges/octo/nothing/status.svg')
    expect([hidden.statusCode, none.statusCode]).toEqual([401, 401])
    await fixture.db.updateTable('repos').set({ visibility: 'public' }).execute()
    const shown = await fixture.app.inject('/api/badges/octo/hello/status.svg')
    expect([shown.statusCode, shown.body]).toEqual([200, expect.stringContaining('<svg')])
  })

  it.each(['success', 'failure', 'error', 'killed', 'running', 'blocked', null] as const)(
    'is well-formed for %s',
    (status) => {
      expect(() => parse(badgeSvg(status))).not.toThrow()
    },
  )
})

describe('cc.xml', () => {
  it('is what CCMenu reads', async () => {
    await build('success')
    await build('running')
    const { body } = await get('cc.xml')
    const { Projects } = parse(body) as { Projects: { Project: Record<string, string> } }
    expect(Projects.Project).toEqual({
      name: 'octo/hello',
      activity: 'Building',
      lastBuildStatus: 'Success',
      lastBuildLabel: expect.stringMatching(/^[0-9]+$/),
      lastBuildTime: '2026-11-18T11:06:40.000Z',
      webUrl: expect.stringMatching(/^https:\/\/ci\.example\.org\/octo\/hello\/[0-9]+$/),
    })
  })

  it('stays well-formed whatever stands in a name', () => {
    const link = 'https://ci.example.org/?a=1&b="<\'>'
    const text = cctray({ slug: '"><x/>&', link, newest: null, ended: null })
    expect(() => parse(text)).not.toThrow()
    expect(() => parse(text.replace('/>', '>'))).toThrow()
    expect(text).not.toContain('<x/>')
  })
})
