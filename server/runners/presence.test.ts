import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { SIMPLE, TestServer } from '../testing/test-server.js'
import { until } from '../testing/until.js'

let test: TestServer

beforeEach(async () => {
  test = await TestServer.start()
})

afterEach(() => test.stop())

it('a runner that announces itself is known, with what it offers and runs', async () => {
  test.runner({ capacity: 3, labels: { gpu: 'true' } })
  const [known] = await until(async () => {
    const list = await test.server.services.runners.list()
    return list.length > 0 ? list : null
  })
  expect(known).toMatchObject({
    online: true,
    runner: {
      ...{ machine: 'm', os: 'linux', arch: 'amd64', capacity: 3, running: 0, version: '1.2.3' },
      labels_json: '{"gpu":"true"}',
    },
  })
})

it('a runner that is older than announcements still runs stages, and is not listed', async () => {
  const repo = await test.addRepo()
  const commit = await test.git.commit({ '.pipeline.yml': SIMPLE })
  test.runner().work()
  const pushed = await test.push(repo, commit)
  const { build } = await test.ended(repo, pushed.build?.number ?? 0)
  expect(build.status).toBe('success')
  expect(await test.server.services.runners.list()).toEqual([])
})
