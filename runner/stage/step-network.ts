import type { SandboxStep, StagePlan } from '../../pipelines/plan.js'

const LOCALHOST = ['127.0.0.1 localhost', '::1 localhost ip6-localhost ip6-loopback']

/** RFC 1123 with underscores, which resolvers take in /etc/hosts and people put into names. */
const HOST_NAME = /^[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?$/i

/**
 * Text of a step's /etc/hosts. The steps of a stage share one loopback, where its services and detached
 * steps are found by their names. `extra_hosts` come first and so win over those.
 */
export function hostsFile(
  step: SandboxStep,
  stage: Pick<StagePlan, 'steps'>,
  hostname: string,
): string {
  const extra = (step.extraHosts ?? []).filter(isHostsEntry)
  const names = step.network === 'none' ? [] : namesOfServices(stage)
  const lines = [
    ...extra.map(({ host, address }) => `${address} ${host}`),
    ...LOCALHOST,
    `127.0.0.1 ${hostname}`,
    ...names.map((name) => `127.0.0.1 ${name}`),
  ]
  return `${lines.join('\n')}\n`
}

/** Text of a step's /etc/resolv.conf, or null when the step says nothing about it (resolv.conf(5)). */
export function resolvFile({ dns = [], dnsSearch = [] }: SandboxStep): string | null {
  const search = dnsSearch.filter(isWord)
  const lines = [
    ...dns.filter(isWord).map((address) => `nameserver ${address}`),
    ...(search.length === 0 ? [] : [`search ${search.join(' ')}`]),
  ]
  return lines.length === 0 ? null : `${lines.join('\n')}\n`
}

/** Each by its name where that can be one of a host, and by the form of it that surely can. */
function namesOfServices({ steps }: Pick<StagePlan, 'steps'>): string[] {
  const detached = steps.filter((step) => step.kind !== 'clone' && step.detach)
  const names = detached.flatMap(({ name }) => [name, hostNameOf(name)])
  return [...new Set(names)].filter((name) => HOST_NAME.test(name) && name !== 'localhost')
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
