import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { makeJob, step } from '../testing/stages.js'
import { planNetwork } from './plan-network.js'
import { readResolvers, type Resolvers } from './resolvers.js'

const plan = planNetwork(makeJob([step('a', [])]).stage)
const host = { own: { v4: ['192.0.2.2/32'], v6: [] } }

async function resolversOf(text: string, dns: readonly string[] = []): Promise<Resolvers> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'sandpiper-resolv-'))
  const file = path.join(directory, 'resolv.conf')
  await writeFile(file, text)
  try {
    return await readResolvers(plan, dns, host, file)
  } finally {
    await rm(directory, { recursive: true })
  }
}

describe('readResolvers', () => {
  it('has an address inside for each IP version of the name servers, and the domains', async () => {
    const text = 'search a.example b.example\nnameserver 2001:db8::53\nnameserver 192.0.2.53\n'
    expect(await resolversOf(text)).toEqual({
      addresses: ['fd5a:6e64:7069:1::53', '10.213.122.53'],
      search: ['a.example', 'b.example'],
      overTcp: '192.0.2.53',
    })
  })

  it.each(['127.0.0.53', '192.0.2.2'])(
    'asks %s, which is the host itself, over UDP only',
    async (own) => {
      expect(await resolversOf(`nameserver ${own}\n`)).toEqual({
        ...{ addresses: ['10.213.122.53'], search: [] },
        overTcp: null,
      })
    },
  )

  it('takes those of the operator instead', async () => {
    const text = 'search a.example\nnameserver 2001:db8::53\n'
    expect(await resolversOf(text, ['192.0.2.99'])).toEqual({
      ...{ addresses: ['10.213.122.53'], search: [] },
      overTcp: '192.0.2.99',
    })
  })

  it('has none where there are none', async () => {
    expect((await resolversOf('# nothing\n')).addresses).toEqual([])
  })
})
