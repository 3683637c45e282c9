import { afterAll, beforeAll, expect, it } from '@jest/globals'
import {
  describeSandboxes,
  finish,
  makeTestSandboxes,
  outputWith,
  type TestSandboxes,
} from './testing/sandboxes.js'

let sandboxes: TestSandboxes
beforeAll(async () => {
  sandboxes = await makeTestSandboxes()
})
afterAll(() => sandboxes.close())

describeSandboxes('a sandbox without a network', () => {
  it('does not reach what listens in its stage, which others do', async () => {
    const serving = await sandboxes.stage.start(
      await sandboxes.specOf(
        '(echo served | nc -l -p 4101) & until grep -q ":1005 .* 0A " /proc/net/tcp*; do :; done; echo ready; wait',
      ),
    )
    await outputWith(serving, 'ready')
    const command = 'nc -w 2 127.0.0.1 4101; echo $?'
    const alone = await sandboxes.run(command, { network: 'none' })
    expect(alone.output).toMatch(/refused\n1\n$/)
    expect((await sandboxes.run(command)).output).toBe('served\n0\n')
    await serving.exit
  })

  it('has a loopback of its own that works, and nothing else', async () => {
    const { output } = await sandboxes.run(
      `ip -o link | cut -d: -f2; ls /sys/class/net; ip -o -4 addr | grep -o "inet [0-9./]*"; ip route
       (echo mine | nc -l -p 80) & until grep -q ":0050 .* 0A " /proc/net/tcp*; do :; done
       nc -w 2 127.0.0.1 80; attempt af-inet-raw af-packet nfnetlink`,
      { network: 'none' },
    )
    expect(output).toBe(
      ' lo\nlo\ninet 127.0.0.1/8\nmine\naf-inet-raw EPERM\naf-packet EPERM\nnfnetlink EPERM\n',
    )
  })

  it('has a network that no other sandbox has', async () => {
    const network = async (changes: object): Promise<string> =>
      (await sandboxes.run('readlink /proc/self/ns/net', changes)).output
    const stage = [await network({}), await network({})]
    expect(stage[0]).toBe(stage[1])
    const holding = await sandboxes.stage.start(
      await sandboxes.specOf('readlink /proc/self/ns/net; sleep 100', { network: 'none' }),
    )
    const first = await outputWith(holding, '\n')
    const second = await network({ network: 'none' })
    expect(new Set([stage[0], first, second]).size).toBe(3)
    holding.kill()
    await finish(holding)
  })

  it('has no power over its network, and can only ask what the system allows anybody', async () => {
    const { output } = await sandboxes.run(
      'ip link set lo down; ip addr add 10.0.0.1/8 dev lo; attempt unshare-net setns-self',
      { network: 'none' },
    )
    expect(output).toMatch(/Operation not permitted[^]*Operation not permitted/)
    expect(output).toMatch(/unshare-net EPERM\nsetns-self EPERM\n$/)
  })
})
