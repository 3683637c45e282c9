import type { SandboxProcess, Stage } from '../../native/lib/types.js'
import { resolverAddresses, UPLINK } from './firewall.js'
import { UPLINK6 } from './plan-network.js'
import { describeEnd, toolError } from './run-tool.js'
import type { Families, NetworkPlan } from './types.js'

/** It takes some hundredths of a second. */
const START_MS_MAX = 20_000
const OUTPUT_CHARS_MAX = 4096

/** What connects a stage with the outside while it runs. */
export interface Uplink {
  /** Resolves when it has ended, with how it did; also after `close`. */
  readonly ended: Promise<string>
  close(): Promise<void>
}

export interface UplinkRequest {
  readonly plan: NetworkPlan
  /** IP versions that the host has a way out for; one at least. */
  readonly outside: Families
  /** Name servers to be asked instead of the host's. */
  readonly dns: readonly string[]
}

/** It has one thread and tables of a fixed size, whatever a step sends through it. */
const LIMITS = { memoryBytes: 256 * 1024 ** 2, pids: 16 }

/**
 * Starts pasta (passt(1)) for the stage. It has sockets in the host's network and an interface in the
 * stage's, has the rights of the stage's root, forwards no port in either direction, and makes nothing of
 * the host's own reachable but its name server.
 * @throws SandpiperError SP_NETWORK_NO_PROGRAM, SP_NETWORK_FAILED; NativeError
 */
export async function startUplink(
  stage: Pick<Stage, 'runTool'>,
  request: UplinkRequest,
): Promise<Uplink> {
  const argv = withResolvers(pastaCommand(request), request.dns)
  const input = request.dns.map((address) => `nameserver ${address}\n`).join('')
  const how = { networks: [''], runsIn: 'host', limits: LIMITS } as const
  const tool = await stage.runTool({ argv, input, ...how })
  await started(tool)
  const ended = tool.exit.then(describeEnd, () => 'was ended with the launcher')
  const close = async (): Promise<void> => {
    tool.kill()
    await ended
  }
  return { ended, close }
}

/** The options of pasta as Debian 12 has it (2023-03) and later versions still take them. */
export function pastaCommand({ plan, outside }: UplinkRequest): string[] {
  const { uplink4 } = plan.subnets
  const resolver = resolverAddresses(plan)
  const only = outside.v4 === outside.v6 ? [] : [outside.v4 ? '--ipv4-only' : '--ipv6-only']
  const v4 = ['-a', `${uplink4}.2`, '-n', '24', '-g', `${uplink4}.1`, '--dns-forward', resolver.v4]
  const v6 = ['-a', `${UPLINK6}2`, '-g', `${UPLINK6}1`, '--dns-forward', resolver.v6]
  return [
    'pasta',
    // It writes its process id when it is ready.
    ...['--foreground', '--quiet', '--pid', '/dev/stdout'],
    ...['--no-map-gw', '-t', 'none', '-u', 'none', '-T', 'none', '-U', 'none'],
    ...['--no-dhcp', '--no-dhcpv6', '--no-ra', ...only],
    ...['--config-net', '-I', UPLINK],
    ...(outside.v4 ? v4 : []),
    ...(outside.v6 ? v6 : []),
    ...['--netns-only', '--netns', '/proc/self/fd/3'],
  ]
}

/**
 * It asks the name servers of /etc/resolv.conf, which option `-D` does not change: others are put there in
 * a mount namespace of its own.
 */
function withResolvers(argv: readonly string[], dns: readonly string[]): readonly string[] {
  if (dns.length === 0) return argv
  const script =
    'mount -t tmpfs resolvers /tmp && cat >/tmp/resolv.conf && mount --bind /tmp/resolv.conf /etc/resolv.conf && exec "$@"'
  return ['unshare', '--mount', 'sh', '-c', script, 'sh', ...argv]
}

/** Resolves when it has written its process id. */
async function started(tool: SandboxProcess): Promise<void> {
  let text = ''
  const ready = new Promise<boolean>((resolve) => {
    tool.output.on('data', (chunk: Buffer) => {
      text = `${text}${chunk.toString()}`.slice(-OUTPUT_CHARS_MAX)
      if (/^\d+$/m.test(text)) resolve(true)
    })
    tool.output.on('close', () => resolve(false))
  })
  const timer = setTimeout(() => tool.kill(), START_MS_MAX)
  const isReady = await ready
  clearTimeout(timer)
  if (!isReady) throw toolError('pasta', describeEnd(await tool.exit), text)
}
