import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { findServer } from './find-server.js'

let data: string

beforeEach(async () => {
  data = await mkdtemp(path.join(os.tmpdir(), 'sp-test-find-'))
})

afterEach(() => rm(data, { recursive: true, force: true }))

async function standalone(): Promise<void> {
  await writeFile(path.join(data, 'address'), 'http://127.0.0.1:8000\n')
  await writeFile(path.join(data, 'admin-token'), 'local-token\n')
}

describe('findServer', () => {
  it('takes what was asked for', async () => {
    const asked = { server: 'http://ci.example', token: 'abc', data }
    expect(await findServer(asked)).toEqual({
      ...{ url: 'http://ci.example', token: 'abc', tokenFrom: 'SANDPIPER_TOKEN' },
    })
  })

  it('finds a local standalone by its data directory', async () => {
    await standalone()
    const found = await findServer({ data })
    expect(found).toEqual({
      ...{ url: 'http://127.0.0.1:8000', token: 'local-token' },
      tokenFrom: path.join(data, 'admin-token'),
    })
  })

  it('never gives the local token to a server that was named, unless it is the local one', async () => {
    await standalone()
    const named = findServer({ server: 'http://evil.example', data })
    await expect(named).rejects.toMatchObject({ code: 'SP_CLI_NO_TOKEN', exitCode: 3 })
    const local = await findServer({ server: 'http://127.0.0.1:8000', data })
    expect(local.token).toBe('local-token')
  })

  it('says what to do when there is none', async () => {
    await expect(findServer({ data })).rejects.toMatchObject({
      code: 'SP_CLI_NO_SERVER',
      exitCode: 3,
      hint: expect.stringContaining('sandpiper standalone') as unknown,
    })
  })

  it('tells an ordinary user how to use the server that root started', async () => {
    await expect(findServer({ data, isRoot: false })).rejects.toMatchObject({
      hint: expect.stringMatching(/sudo.*SANDPIPER_SERVER and SANDPIPER_TOKEN/) as unknown,
    })
  })
})
