import type { SandboxStep, StagePlan } from '../../pipelines/plan.js'
import type { Resolvers } from '../network/resolvers.js'
import type { NetworkPlan } from '../network/types.js'

const LOCALHOST = ['127.0.0.1 localhost', '::1 localhost ip6-localhost ip6-loopback']

/** RFC 1123 with underscores, which resolvers take in /etc/hosts and people put into names. */
const HOST_NAME = /^[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?$/i

/**
 * Text of a step's /etc/hosts. Services and detached steps have addresses in the stage's network, by which
 * they are found under their names. `extra_hosts` come first and so win over those.
 */
export function hostsFile(
  step: SandboxStep,
  stage: Pick<StagePlan, 'steps'>,
  { members }: Pick<NetworkPlan, 'members'>,
  hostname: string,
): string {
  const extra = (step.extraHosts ?? []).filter(isHostsEntry)
  const own = members.find((member) => member.step === step.name)
  const lines = [
    ...extra.map(({ host, address }) => `${address} ${host}`),
    ...LOCALHOST,
    `${own?.address4 ?? '127.0.0.1'} ${hostname}`,
    ...(step.network === 'none' ? [] : servicesOf(stage, members)),
  ]
  return `${lines.join('\n')}\n`
}

/**
 * Text of a step's /etc/resolv.conf (resolv.conf(5)), or null where there is no name server to be asked.
 * @param resolvers those of the stage; null: nothing outside is reached
 */
export function resolvFile(step: SandboxStep, resolvers: Resolvers | null): string | null {
  const isAlone = step.network === 'none'
  const dns = (step.dns ?? []).filter(isWord)
  const servers = dns.length > 0 || isAlone ? dns : (resolvers?.addresses ?? [])
  const asked = (step.dnsSearch ?? []).filter(isWord)
  const search = asked.length > 0 || isAlone ? asked : (resolvers?.search ?? []).filter(isWord)
  const lines = [
    ...servers.map((address) => `nameserver ${address}`),
    ...(search.length === 0 ? [] : [`search ${search.join(' ')}`]),
    // Longer answers in one packet: not every name server can be asked over TCP.
    ...(servers.length === 0 || dns.length > 0 ? [] : ['options edns0']),
  ]
  return lines.length === 0 ? null : `${lines.join('\n')}\n`
}

/** Lines for each by its name where that can be one of a host, and by the form of it that surely can. */
function servicesOf(stage: Pick<StagePlan, 'steps'>, members: NetworkPlan['members']): string[] {
  const detached = stage.steps.filter((step) => step.kind !== 'clone' && step.detach)
  const taken = new Set(['localhost'])
  const lines: string[] = []
  const add = (name: string, address: string | undefined): void => {
    if (address === undefined || taken.has(name) || !HOST_NAME.test(name)) return
    taken.add(name)
    lines.push(`${address} ${name}`)
  }
  const addressOf = (name: string): string | undefined =>
    members.find(({ step }) => step === name)?.address4
  for (const { name } of detached) add(name, addressOf(name))
  for (const { name } of detached) add(hostNameOf(name), addressOf(name))
  return lines
}

function hostNameOf(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9-]/g, '-')
}

function isHostsEntry({ host, address }: { host: string; address: string }): boolean {
  return isWord(host) && isWord(address)
}

/** Nothing that ends a field, a line or the file's meaning. */
function isWord(text: string): boolean {
  return /^[^\s#\0]{1,253}$/.test(text)
}
