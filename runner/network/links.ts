import type { Stage } from '../../native/lib/types.js'
import { BRIDGE, MEMBER } from './firewall.js'
import { BRIDGE6 } from './plan-network.js'
import { runTool } from './run-tool.js'
import type { Families, Member, NetworkPlan } from './types.js'

/** Descriptor of the first member's namespace: 3 is the stage's own. */
const FIRST_DESCRIPTOR = 4
/** Namespaces that are wired at once. */
const AT_ONCE = 32

/**
 * Makes the bridge of a stage and connects its members with it, with `ip -batch` (ip(8)).
 * @param forwarded IP versions for which members have a way out
 * @throws SandpiperError SP_NETWORK_NO_PROGRAM, SP_NETWORK_FAILED; NativeError
 */
export async function makeLinks(
  stage: Pick<Stage, 'runTool' | 'addNetwork'>,
  { members, subnets }: NetworkPlan,
  forwarded: Families,
): Promise<void> {
  if (members.length === 0) return
  await Promise.all(members.map(({ network }) => stage.addNetwork(network)))
  const bridge = [
    `link add ${BRIDGE} type bridge`,
    `addr add ${subnets.bridge4}.1/23 dev ${BRIDGE}`,
    `addr add ${BRIDGE6}1/64 dev ${BRIDGE} nodad`,
    `link set ${BRIDGE} up`,
  ]
  await batch(stage, bridge, [''])
  for (let from = 0; from < members.length; from += AT_ONCE) {
    const some = members.slice(from, from + AT_ONCE)
    await batch(stage, some.flatMap(outerEnd), ['', ...some.map(({ network }) => network)])
    const inner = (one: Member): Promise<void> =>
      batch(stage, innerEnd(one, subnets.bridge4, forwarded), [one.network])
    await Promise.all(some.map(inner))
  }
  if (forwarded.v4 || forwarded.v6) await forward(stage)
}

function outerEnd({ network, mac }: Member, index: number): string[] {
  const to = `netns /proc/self/fd/${FIRST_DESCRIPTOR + index}`
  return [
    `link add ${network} type veth peer name ${MEMBER} address ${mac} ${to}`,
    `link set ${network} master ${BRIDGE} up`,
  ]
}

function innerEnd({ address4, address6 }: Member, bridge4: string, forwarded: Families): string[] {
  return [
    `addr add ${address4}/23 dev ${MEMBER}`,
    `addr add ${address6}/64 dev ${MEMBER} nodad`,
    `link set ${MEMBER} up`,
    ...(forwarded.v4 ? [`route add default via ${bridge4}.1`] : []),
    ...(forwarded.v6 ? [`route add ::/0 via ${BRIDGE6}1`] : []),
  ]
}

function batch(
  stage: Pick<Stage, 'runTool'>,
  lines: readonly string[],
  networks: readonly string[],
): Promise<void> {
  return runTool(stage, { argv: ['ip', '-batch', '-'], input: `${lines.join('\n')}\n`, networks })
}

/** The kernel's switches belong to the namespace, and to nothing else of the host. */
function forward(stage: Pick<Stage, 'runTool'>): Promise<void> {
  const script =
    'echo 1 >/proc/sys/net/ipv4/ip_forward; [ ! -d /proc/sys/net/ipv6 ] || echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
  return runTool(stage, { argv: ['sh', '-c', script], input: '', networks: [''] })
}
