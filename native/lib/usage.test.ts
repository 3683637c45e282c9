import { afterAll, beforeAll, expect, it } from '@jest/globals'
import {
  describeSandboxes,
  execIn,
  finish,
  finishProcess,
  makeTestSandboxes,
  type RunResult,
  type TestSandboxes,
} from './testing/sandboxes.js'
import type { SandboxSpec, Stage, UsageSample } from './types.js'
import { itOnTime } from './testing/slowness.js'

let sandboxes: TestSandboxes
beforeAll(async () => {
  sandboxes = await makeTestSandboxes()
})
afterAll(() => sandboxes.close())

const MIB = 1024 * 1024

/** Runs a command to its end, with every sample that was taken. */
async function sampled(
  command: string,
  changes: Partial<SandboxSpec> = {},
): Promise<RunResult & { readonly samples: readonly UsageSample[] }> {
  const samples: UsageSample[] = []
  const onUsage = (sample: UsageSample): void => void samples.push(sample)
  return { ...(await sandboxes.run(command, { ...changes, onUsage })), samples }
}

/** Counts never go down, and the end has at least what the last sample had. */
function expectGrowth({ exit, samples }: Awaited<ReturnType<typeof sampled>>): void {
  const end = { ...exit, atMs: exit.wallMs }
  for (const key of ['atMs', 'cpuMs', 'memoryPeakBytes', 'ioReadBytes', 'ioWriteBytes'] as const) {
    const values = [...samples, end].map((sample) => sample[key])
    expect(values).not.toContain(undefined)
    expect(values).toEqual(values.toSorted((a, b) => a! - b!))
  }
}

describeSandboxes('the usage of a sandbox', () => {
  itOnTime('is sampled about every second while it burns a CPU', async () => {
    const run = await sampled('timeout 3.3 sh -c "while :; do :; done"')
    expectGrowth(run)
    expect(run.samples.length).toBeGreaterThanOrEqual(3)
    const [first, last] = [run.samples[0]!, run.samples.at(-1)!]
    const spanMs = last.atMs - first.atMs
    expect(spanMs / (run.samples.length - 1)).toBeGreaterThan(500)
    expect(spanMs / (run.samples.length - 1)).toBeLessThan(1500)
    expect(last.cpuMs! - first.cpuMs!).toBeGreaterThan(spanMs * 0.1)
    expect(last.cpuMs! - first.cpuMs!).toBeLessThan(spanMs * 1.2)
    expect(last.pids).toBeGreaterThanOrEqual(3)
  })

  it('shows memory while it is held, and the peak after it is gone', async () => {
    // The shell would execute a last command in its own place, without what it holds.
    const hold = 'sh -c \'x=$(head -c 40000000 /dev/zero | tr "\\0" x); sleep 2.2; :\'; sleep 2.2'
    const run = await sampled(hold, { limits: { memoryBytes: 512 * MIB } })
    expectGrowth(run)
    const memory = run.samples.map((sample) => sample.memoryBytes!)
    expect(Math.max(...memory)).toBeGreaterThan(20 * MIB)
    expect(memory.at(-1)).toBeLessThan(15 * MIB)
    expect(run.samples.at(-1)!.memoryPeakBytes).toBeGreaterThan(20 * MIB)
    expect(run.exit.memoryPeakBytes).toBeGreaterThan(20 * MIB)
  })

  it('counts the bytes that go to a disk and come from it while it runs', async () => {
    const write = 'dd if=/dev/zero of=/data bs=1M count=8 oflag=direct 2>&1'
    const read = 'dd if=/data of=/dev/null bs=1M iflag=direct 2>&1'
    const run = await sampled(`${write}; ${read}; sleep 1.2`)
    expect(run.output.match(/8\+0 records out/g)).toHaveLength(2)
    expectGrowth(run)
    for (const key of ['ioReadBytes', 'ioWriteBytes'] as const) {
      expect(run.samples.at(-1)![key]).toBeGreaterThanOrEqual(8 * MIB)
      expect(run.exit[key]).toBeGreaterThanOrEqual(run.samples.at(-1)![key]!)
      expect(run.exit[key]).toBeLessThan(12 * MIB)
    }
  })

  it('counts at its end what the page cache has yet to write', async () => {
    const { exit } = await sandboxes.run('dd if=/dev/zero of=/data bs=1M count=8 2>&1')
    expect(exit.ioWriteBytes).toBeGreaterThanOrEqual(8 * MIB)
    expect(exit.ioWriteBytes).toBeLessThan(12 * MIB)
  })

  it('counts processes', async () => {
    const run = await sampled('for i in 1 2 3 4 5 6; do sleep 1.4 & done; wait')
    expect(run.samples[0]!.pids).toBeGreaterThanOrEqual(7)
    expect(run.exit.pidsPeak ?? 8).toBeGreaterThanOrEqual(7)
  })

  itOnTime('says for how long its CPU limit kept it waiting', async () => {
    const burn = 'timeout 2.5 sh -c "while :; do :; done"'
    const { exit, samples } = await sampled(burn, { limits: { cpus: 0.05 } })
    expect(exit.throttledMs).toBeGreaterThan(50)
    expect(exit.throttledShare).toBeGreaterThan(0.2)
    expect(samples.at(-1)!.throttledMs).toBeGreaterThan(0)
    expect((await sandboxes.run('sleep 0.1', { limits: { cpus: 1 } })).exit.throttledShare).toBe(0)
  })

  it('is known after the end also of one that ends within a second', async () => {
    const { exit, samples } = await sampled('head -c 100000 /dev/urandom >/x; sync; sleep 0.05')
    expect(samples.length).toBeLessThanOrEqual(1)
    expect(exit.cpuMs).toBeGreaterThan(0)
    expect(exit).toMatchObject({ networkRxBytes: 0, networkTxBytes: 0 })
    expect(exit.ioReadBytes).toBeGreaterThanOrEqual(0)
  })

  it('is not sampled when nobody asks, and goes on being so for others', async () => {
    const samples: UsageSample[] = []
    const onUsage = (sample: UsageSample): void => void samples.push(sample)
    const asks = await sandboxes.stage.start(await sandboxes.specOf('sleep 3', { onUsage }))
    const quiet = await sandboxes.run('sleep 1.2')
    expect(quiet.exit.networkRxBytes).toBeUndefined()
    const before = samples.length
    await finish(asks)
    expect(samples.length).toBeGreaterThan(before)
    expect(before).toBeGreaterThan(0)
  })

  itOnTime('stops with the sandbox, and begins again with the next', async () => {
    await sampled('sleep 1.1')
    const { samples } = await sampled('sleep 2.1')
    expect(samples.length).toBeGreaterThan(0)
    expect(samples.every(({ atMs }) => atMs < 2_500)).toBe(true)
  })

  it('knows a network of its own by itself', async () => {
    const { samples, exit } = await sampled('sleep 1.2', { network: 'none' })
    expect(samples[0]).toMatchObject({ networkRxBytes: 0, networkTxBytes: 0 })
    expect(exit).toMatchObject({ networkRxBytes: 0, networkTxBytes: 0 })
  })
})

describeSandboxes('the network usage of a sandbox', () => {
  /** What goes through each link: 1200 bytes with their headers of UDP, IP and Ethernet. */
  const SENT = 1242

  async function runTool(stage: Stage, script: string): Promise<void> {
    const argv = ['bash', '-c', `set -e; ${script}`]
    const tool = await stage.runTool({ argv, networks: [''], runsIn: 'network' })
    expect(await finishProcess(tool)).toMatchObject({ output: '', exit: { code: 0 } })
  }

  /** A stage with a link to each of 10.9.0.2 and 10.9.1.2. */
  async function makeLinks(): Promise<Stage> {
    const stage = await sandboxes.makeStage({})
    const scripts = ['one', 'two'].map(
      (name, index) =>
        `ip link add ${name} type veth peer name ${name}-end
         # So that the kernel sends nothing of its own; fails where it has no IPv6.
         for end in ${name} ${name}-end; do ip link set $end addrgenmode none 2>/dev/null || true; done
         ip addr add 10.9.${index}.1/24 dev ${name}
         ip link set ${name} up
         ip link set ${name}-end up
         ip neigh add 10.9.${index}.2 lladdr 02:00:00:00:00:01 dev ${name}`,
    )
    await runTool(stage, scripts.join('\n'))
    return stage
  }

  it('is of the interfaces that count, and by default of all but loopback', async () => {
    const stage = await makeLinks()
    const running = [['one'], undefined, ['one', 'one-end'], ['on', 'onee', 'lo']].map(
      async (usageInterfaces) => {
        const samples: UsageSample[] = []
        const changes = usageInterfaces === undefined ? {} : { usageInterfaces }
        const onUsage = (sample: UsageSample): void => void samples.push(sample)
        const spec = await sandboxes.specOf('sleep 3', { onUsage, ...changes })
        return { samples, sandbox: await stage.start(spec) }
      },
    )
    const started = await Promise.all(running)
    const send = (link: number): string => `head -c 1200 /dev/zero >/dev/udp/10.9.${link}.2/9`
    await runTool(stage, `${send(0)}; ${send(1)}`)
    const counts = started.map(async ({ samples, sandbox }) => {
      const { exit } = await finish(sandbox)
      expect(samples.at(-1)).toMatchObject({
        networkRxBytes: exit.networkRxBytes,
        networkTxBytes: exit.networkTxBytes,
      })
      return [exit.networkRxBytes, exit.networkTxBytes]
    })
    expect(await Promise.all(counts)).toEqual([
      [0, SENT],
      [2 * SENT, 2 * SENT],
      [SENT, SENT],
      [0, 0],
    ])
    await stage.destroy()
  })
})

describeSandboxes('the CPU weight of a sandbox', () => {
  itOnTime('shares a CPU out between those that want it', async () => {
    // One CPU for both, whatever the host has: each is bound to the same, and begins when both are there.
    const stage = await sandboxes.makeStage({ volumes: [{ name: 'v', sizeBytes: 4096 }] })
    const wait = 'until [ -e /v/go ]; do sleep 0.02; done'
    const burn = `${wait}; exec taskset 1 timeout 3 sh -c "while :; do :; done"`
    const volumes = [{ name: 'v', target: '/v', readOnly: false }]
    const started = [25, 400].map(async (cpuWeight) =>
      stage.start(await sandboxes.specOf(burn, { volumes, limits: { cpuWeight } })),
    )
    const running = await Promise.all(started)
    await finishProcess(await execIn(running[0]!, 'touch /v/go'))
    const ends = await Promise.all(running.map((one) => finish(one)))
    const [light, heavy] = ends.map(({ exit }) => exit.cpuMs)
    expect(heavy! / light!).toBeGreaterThan(2)
    await stage.destroy()
  })
})
