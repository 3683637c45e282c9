import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { TestServer } from '../testing/test-server.js'
import { allowedOf } from './allowed.js'

let test: TestServer
beforeEach(async () => {
  test = await TestServer.start()
})
afterEach(() => test.stop())

const add = (name: string, networkAllow?: readonly string[]) =>
  test.server.services.repos.add({
    ...{ owner: 'octo', name, cloneUrl: 'https://git.example.org/octo/hello.git' },
    ...(networkAllow === undefined ? {} : { networkAllow }),
  })

describe('what the steps of a repo may reach', () => {
  it('is kept with it, also when it is nothing', async () => {
    for (const [name, list] of [
      ['some', ['example.com:443', '10.0.0.0/8']],
      ['nothing', []],
    ] as const) {
      await add(name, list)
      const repo = await test.server.services.repos.find('octo', name)
      expect(allowedOf(repo!)).toEqual(list)
    }
    await add('all')
    expect(allowedOf((await test.server.services.repos.find('octo', 'all'))!)).toBeNull()
  })

  it('has no entry that is none', async () => {
    await expect(add('bad', ['example.com', '*.example.com'])).rejects.toMatchObject({
      code: 'SP_REPO_INVALID',
      hint: expect.stringContaining('It has a wildcard'),
    })
  })
})
