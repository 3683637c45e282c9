import { readdir, readlink } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals'
import {
  describeSandboxes,
  makeTestSandboxes,
  outputWith,
  finish,
  finishProcess,
  type TestSandboxes,
} from '../../native/lib/testing/sandboxes.js'
import type { Stage } from '../../native/lib/types.js'
import { makeNameServer, makeOutside, PORTS, type Outside } from '../testing/outside.js'
import { makeJob, service, step } from '../testing/stages.js'
import { until } from '../testing/until.js'
import { runTool } from './run-tool.js'
import { StageNetwork, type NetworkConfig } from './stage-network.js'

let sandboxes: TestSandboxes
let outside: Outside
let nameServer: Awaited<ReturnType<typeof makeNameServer>>
let onHost: Server

beforeAll(async () => {
  sandboxes = await makeTestSandboxes()
  outside = await makeOutside()
  nameServer = await makeNameServer(outside.address)
  onHost = createServer((_, response) => response.end('host\n'))
  await new Promise<void>((resolve) => onHost.listen(0, '::', resolve))
})

afterAll(async () => {
  nameServer.close()
  onHost.close()
  await sandboxes.close()
  await outside.remove()
})

/** A stage with a service `db`, and what its network is to be. */
interface TestNetwork {
  readonly stage: Stage
  readonly network: StageNetwork
  readonly lost: Error[]
  /** What a program prints in a sandbox of the stage's, or of a member's network. */
  run(command: string, member?: string): Promise<string>
  /** Takes the rules about what is outside away. */
  takeRulesAway(): Promise<void>
  close(): Promise<void>
}

async function makeNetwork(
  config: Partial<NetworkConfig> = {},
  steps = [service('db', []), step('test', [])],
  repoAllow?: readonly string[],
): Promise<TestNetwork> {
  const lost: Error[] = []
  const network = await StageNetwork.prepare({
    stage: makeJob(steps).stage,
    config: { mode: 'uplink', dns: [nameServer.address], ...config },
    ...(repoAllow === undefined ? {} : { allow: repoAllow }),
    onLost: (error) => lost.push(error),
  })
  const stage = await sandboxes.makeStage()
  await network.make(stage)
  const nameOf = (step: string): string =>
    network.plan.members.find((member) => member.step === step)?.network ?? ''
  return {
    ...{ stage, network, lost },
    run: async (command, member) => {
      const own = member === undefined ? {} : { network: { name: nameOf(member) } }
      const spec = await sandboxes.specOf(command, own)
      return (await finish(await stage.start(spec))).output
    },
    takeRulesAway: () =>
      runTool(stage, {
        argv: ['nft', '-f', '-'],
        input: 'flush chain inet sandpiper outside\nadd rule inet sandpiper outside accept\n',
        networks: [''],
      }),
    close: async () => {
      await network.close()
      await stage.destroy()
    },
  }
}

function hostPort(): number {
  const address = onHost.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

const REFUSED = /No route to host|Permission denied/

const get = (address: string, port: number): string =>
  `timeout 4 wget -q -O - http://${address.includes(':') ? `[${address}]` : address}:${port}/ 2>&1`
/** Prints `ready`, and serves one file until it is killed. */
const serve = (text: string, port: number): string =>
  `mkdir /www; echo ${text} >/www/index.html; echo ready; exec httpd -f -p ${port} -h /www`

const again = (command: string): string => `until ${command} >/tmp/out; do :; done; cat /tmp/out`

const ask = (server: string): string => `nslookup example.com ${server} 2>&1 | tail -n +3`

/** Process id of the pasta that works for a stage: it is in the stage's user namespace, and passt by its file. */
async function uplinkOf(stage: Stage): Promise<number> {
  const tool = await stage.runTool({
    argv: ['readlink', '/proc/self/ns/user'],
    networks: [''],
    runsIn: 'network',
  })
  const { output } = await finishProcess(tool)
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const links = [`/proc/${name}/ns/user`, `/proc/${name}/exe`].map((link) =>
      readlink(link).catch(() => ''),
    )
    const [namespace = '', program = ''] = await Promise.all(links)
    if (namespace === output.trim() && program.includes('pass')) return Number(name)
  }
  throw new Error('no pasta')
}

describeSandboxes('the network of a stage', () => {
  let net: TestNetwork
  beforeEach(async () => {
    net = await makeNetwork()
  })
  afterEach(() => net.close())

  it('reaches the outside over TCP and UDP, and asks the name server of the host, also on its loopback', async () => {
    const { address, address6 } = outside
    expect(await net.run(get(address, PORTS.http))).toMatch(/^tcp ::ffff:198\.18\./)
    expect(await net.run(get(address6, PORTS.http))).toMatch(/^tcp fd77:/)
    expect(await net.run(ask(address))).toContain(address)
    const [resolver = ''] = net.network.resolvers!.addresses
    const byName = `echo "nameserver ${resolver}" >/etc/resolv.conf; ${get('example.com', PORTS.http)}`
    expect(await net.run(byName)).toMatch(/^tcp /)
  })

  it('takes services to the outside too', async () => {
    const { address, address6 } = outside
    const [resolver = ''] = net.network.resolvers!.addresses
    expect(await net.run(get(address, PORTS.http), 'db')).toMatch(/^tcp ::ffff:198\.18\./)
    expect(await net.run(get(address6, PORTS.http), 'db')).toMatch(/^tcp fd77:/)
    expect(await net.run(ask(address), 'db')).toContain(address)
    expect(await net.run(ask(resolver), 'db')).toContain(address)
  })

  it('lets steps and services reach each other, on any port', async () => {
    const [db] = net.network.plan.members
    const spec = await sandboxes.specOf(serve('from db', 80), {
      network: { name: db!.network },
    })
    const serving = await net.stage.start(spec)
    await outputWith(serving, 'ready')
    const command = again(get(db!.address4, 80))
    expect(await net.run(command)).toBe('from db\n')
    serving.kill()
    await finish(serving)
    const { network } = net
    const bridge = `${network.plan.subnets.bridge4}.1`
    const inStage = await net.stage.start(await sandboxes.specOf(serve('from the stage', 81)))
    await outputWith(inStage, 'ready')
    const back = again(get(bridge, 81))
    expect(await net.run(back, 'db')).toBe('from the stage\n')
    inStage.kill()
    await finish(inStage)
  })

  it.each(['test', 'db'])(
    'keeps %s from the host and from link-local addresses, as long as its rules are there',
    async (who) => {
      const member = who === 'db' ? 'db' : undefined
      const later = await outside.addHostAddress()
      const places = [
        [outside.host, hostPort(), 'host'],
        [outside.host6, hostPort(), 'host'],
        [later, hostPort(), 'host'],
        [outside.linkLocal, PORTS.http, 'tcp'],
      ] as const
      // The address that was added just now is known soon.
      const isRefused = async (): Promise<boolean> =>
        REFUSED.test(await net.run(get(later, hostPort()), member))
      await until('the new address is refused', isRefused)
      for (const [address, port] of places) {
        const output = await net.run(get(address, port), member)
        expect(output).toMatch(REFUSED)
      }
      await net.takeRulesAway()
      for (const [address, port, word] of places) {
        expect(await net.run(get(address, port), member)).toContain(word)
      }
    },
    60_000,
  )

  it('knows the places where clouds keep credentials, and nothing on the way out leads to loopback', async () => {
    const { uplink4 } = net.network.plan.subnets
    const refused = ['169.254.169.254', '100.100.100.200', '168.63.129.16', `${uplink4}.1`]
    for (const address of [...refused, 'fd00:ec2::254']) {
      expect(await net.run(get(address, hostPort()))).toMatch(REFUSED)
    }
    await net.takeRulesAway()
    // Not by the rules alone: pasta does not stand in for the host's loopback.
    for (const address of ['127.0.0.1', `${uplink4}.1`, `${uplink4}.2`]) {
      expect(await net.run(get(address, hostPort()))).not.toContain('host\n')
    }
  })

  it('can not be changed by its steps', async () => {
    const output = await net.run('ip route del default; ip link set up0 down; attempt nfnetlink')
    expect(output).toMatch(/not permitted\n[^]*not permitted\nnfnetlink EPERM\n$/)
  })

  it('tells that its uplink has ended', async () => {
    const pid = await uplinkOf(net.stage)
    process.kill(pid, 'SIGKILL')
    await until('the loss is told', () => net.lost.length > 0)
    expect(net.lost).toMatchObject([{ code: 'SP_NETWORK_LOST' }])
  })
})

describeSandboxes('two stages', () => {
  it('do not reach each other, though they have the same addresses', async () => {
    const [one, other] = await Promise.all([makeNetwork(), makeNetwork()])
    const [db] = one.network.plan.members
    const serving = await one.stage.start(
      await sandboxes.specOf(serve('mine', 80), {
        network: { name: db!.network },
      }),
    )
    await outputWith(serving, 'ready')
    expect(await other.run(get(db!.address4, 80))).toContain('refused')
    const uplink = `${one.network.plan.subnets.uplink4}.2`
    expect(await other.run(get(uplink, 80))).toContain('refused')
    expect(await one.run(again(get(db!.address4, 80)))).toBe('mine\n')
    serving.kill()
    await finish(serving)
    await one.close()
    await other.close()
  })
})

describeSandboxes('an allow-list', () => {
  const lookUp = (host: string): Promise<string[]> =>
    Promise.resolve(host === 'example.com' ? [outside.address] : [])

  async function reached(net: TestNetwork, member?: string): Promise<string[]> {
    const places: readonly (readonly [string, string, number])[] = [
      ['address', outside.address, PORTS.http],
      ['address:8001', outside.address, PORTS.otherHttp],
      ['address6', outside.address6, PORTS.http],
      ['other', outside.other, PORTS.http],
    ]
    const found: string[] = []
    for (const [name, address, port] of places) {
      if ((await net.run(get(address, port), member)).startsWith('tcp')) found.push(name)
    }
    const [resolver = ''] = net.network.resolvers?.addresses ?? ['127.0.0.1']
    if ((await net.run(ask(resolver), member)).includes(outside.address)) found.push('names')
    return found
  }

  it.each<[string, () => readonly string[], readonly string[]]>([
    ['a network', () => [`${outside.other}/31`], ['other', 'names']],
    ['an address with a port', () => [`${outside.address}:8001`], ['address:8001', 'names']],
    ['an address of IPv6', () => [`[${outside.address6}]:8000`], ['address6', 'names']],
    ['a host', () => ['example.com'], ['address', 'address:8001', 'names']],
    ['a host with a port', () => ['example.com:8000'], ['address', 'names']],
    ['a host that is not known', () => ['nothing.example'], ['names']],
    ['nothing', () => [], []],
  ])(
    'of a step with %s is all that it reaches, and says nothing about other steps',
    async (_, allow, places) => {
      const steps = [step('test', [], { network: { allow: allow() } }), step('free', [])]
      const net = await makeNetwork({ lookUp }, steps)
      expect(await reached(net, 'test')).toEqual(places)
      expect(await reached(net)).toEqual(['address', 'address:8001', 'address6', 'other', 'names'])
      await net.takeRulesAway()
      const known = ['address', 'address:8001', 'address6', 'other', 'names']
      expect(await reached(net, 'test')).toEqual(known)
      await net.close()
    },
    60_000,
  )

  it('of the runner, of the repo and of a step all have to have it', async () => {
    const { address, other } = outside
    const steps = [step('test', [], { network: { allow: [address, other] } }), step('free', [])]
    const net = await makeNetwork({ lookUp, allow: ['198.18.0.0/15'] }, steps, [`${address}:8000`])
    expect(await reached(net, 'test')).toEqual(['address', 'names'])
    expect(await reached(net)).toEqual(['address', 'names'])
    await net.close()
  })

  it('of the operator with nothing in it leaves the stage without an uplink', async () => {
    const net = await makeNetwork({}, [step('test', [])], [])
    expect(net.network.resolvers).toBeNull()
    expect(await net.run('ls /sys/class/net')).toBe('lo\n')
    await net.close()
  })

  it('says which of its hosts are not known', async () => {
    const steps = [step('test', [], { network: { allow: ['nothing.example'] } }), step('free', [])]
    const net = await makeNetwork({ lookUp }, steps)
    expect(net.network.warningsOf('test')).toEqual([
      'nothing.example of the allow-list is no name that is known now',
    ])
    expect(net.network.warningsOf('free')).toEqual([])
    await net.close()
  })
})

describeSandboxes('an isolated stage', () => {
  it('has services and no way out', async () => {
    const net = await makeNetwork({ mode: 'isolated' })
    expect(net.network.resolvers).toBeNull()
    const [db] = net.network.plan.members
    const spec = await sandboxes.specOf(serve('from db', 80), {
      network: { name: db!.network },
    })
    const serving = await net.stage.start(spec)
    await outputWith(serving, 'ready')
    const command = again(get(db!.address4, 80))
    expect(await net.run(command)).toBe('from db\n')
    serving.kill()
    await finish(serving)
    for (const member of [undefined, 'db']) {
      expect(await net.run(get(outside.address, PORTS.http), member)).toContain('unreachable')
    }
    await net.close()
  })
})
