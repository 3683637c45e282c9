import { setTimeout as delay } from 'node:timers/promises'
import type { Stage } from '../../native/lib/types.js'
import type { StagePlan } from '../../pipelines/plan.js'
import { uplinkLost } from './errors.js'
import { firewallRules, hostRules, listRules, type AllowList } from './firewall.js'
import { overlap4, readHostNetwork, type HostNetwork } from './host-network.js'
import { makeLinks } from './links.js'
import { planNetwork } from './plan-network.js'
import { AllowedDestinations, lookUpAsHost, type LookUp } from './resolve-allowed.js'
import { readResolvers, type Resolvers } from './resolvers.js'
import { runTool } from './run-tool.js'
import type { NetworkPlan, Networks } from './types.js'
import { startUplink, type Uplink } from './uplink.js'

/** How often the host's addresses are looked at. */
const HOST_REFRESH_MS = 500
/** How often the hosts of allow-lists are looked up again. */
const ALLOW_REFRESH_MS = 15_000

/** What the operator says about the networks of stages. */
export interface NetworkConfig {
  /** `uplink`: steps reach the outside; `isolated`: only each other. */
  readonly mode: 'uplink' | 'isolated'
  /** Name servers instead of the host's. */
  readonly dns?: readonly string[]
  /** All that steps may reach outside; absent: everything. */
  readonly allow?: readonly string[]
  /** How the hosts of allow-lists are looked up; default: as the host does it. */
  readonly lookUp?: LookUp
}

export interface StageNetworkRequest {
  readonly stage: Pick<StagePlan, 'name' | 'steps'>
  readonly config: NetworkConfig
  /** What the operator lets the steps of the repo reach; absent: what the runner lets all. */
  readonly allow?: readonly string[]
  /** Called once if the uplink ends before it is closed. */
  readonly onLost: (error: Error) => void
}

/** The network of a stage while it runs. */
export class StageNetwork {
  readonly plan: NetworkPlan
  /** Name servers of its steps; null: none, as nothing outside is reached. */
  readonly resolvers: Resolvers | null
  readonly #hasNoWay: boolean
  readonly #request: StageNetworkRequest
  readonly #host: HostNetwork
  readonly #lists: readonly NamedList[]
  readonly #ended = new AbortController()
  #uplink: Uplink | null = null
  #watch: Promise<void> = Promise.resolve()

  private constructor(
    request: StageNetworkRequest,
    host: HostNetwork,
    parts: Pick<StageNetwork, 'plan' | 'resolvers'> & { readonly hasNoWay: boolean },
  ) {
    this.#request = request
    this.#host = host
    this.plan = parts.plan
    this.resolvers = parts.resolvers
    this.#hasNoWay = parts.hasNoWay
    const lookUp = request.config.lookUp ?? lookUpAsHost
    this.#lists = listsOf(request, this.plan, lookUp)
  }

  /** Decides what it looks like; nothing is made yet. @throws SandpiperError SP_NETWORK_TOO_MANY */
  static async prepare(request: StageNetworkRequest): Promise<StageNetwork> {
    const host = await readHostNetwork()
    const isTaken = (range: string): boolean => host.routes4.some((one) => overlap4(one, range))
    const plan = planNetwork(request.stage, isTaken)
    const wanted = plan.isUsed && request.config.mode === 'uplink'
    const hasWay = host.outside.v4 || host.outside.v6
    const isConnected = wanted && hasWay && !isSilent(request)
    const resolvers = isConnected ? await readResolvers(plan, request.config.dns ?? [], host) : null
    return new StageNetwork(request, host, { plan, resolvers, hasNoWay: wanted && !hasWay })
  }

  /** What people should know of a step's network. */
  warningsOf(step: string): readonly string[] {
    const network = this.plan.members.find((member) => member.step === step)?.network ?? null
    const lists = this.#lists.filter(({ member }) => member === null || member === network)
    const unknown = new Set(lists.flatMap(({ destinations }) => destinations.unknown))
    return [
      ...(this.#hasNoWay ? ['this host has no default route: steps reach nothing outside'] : []),
      ...[...unknown].map((host) => `${host} of the allow-list is no name that is known now`),
    ]
  }

  /**
   * Makes it, before any sandbox of the stage is started.
   * @throws SandpiperError SP_NETWORK_NO_PROGRAM, SP_NETWORK_FAILED; NativeError
   */
  async make(stage: Stage): Promise<void> {
    const { resolvers, plan } = this
    const outside = this.#host.outside
    if (resolvers === null) return makeLinks(stage, plan, { v4: false, v6: false })
    const parts = await Promise.allSettled([
      this.#connect(stage),
      this.#guard(stage, resolvers),
      makeLinks(stage, plan, outside),
    ])
    for (const part of parts) if (part.status === 'rejected') throw part.reason
    this.#watch = this.#keepCurrent(stage)
  }

  /** Ends what belongs to it; its namespaces go with the stage. */
  async close(): Promise<void> {
    this.#ended.abort()
    await this.#watch
    await this.#uplink?.close()
  }

  async #connect(stage: Stage): Promise<void> {
    const { dns = [] } = this.#request.config
    const uplink = await startUplink(stage, { plan: this.plan, outside: this.#host.outside, dns })
    this.#uplink = uplink
    void uplink.ended.then((how) => {
      if (!this.#ended.signal.aborted) this.#request.onLost(uplinkLost(how))
    })
  }

  async #guard(stage: Stage, resolvers: Resolvers): Promise<void> {
    await Promise.all(this.#lists.map(({ destinations }) => destinations.refresh()))
    const rules = firewallRules({
      network: this.plan,
      host: this.#host.own,
      lists: this.#lists.filter(({ member }) => member === null).map(allowListOf),
      memberLists: new Map(
        this.#lists.flatMap((one) => (one.member === null ? [] : [[one.member, allowListOf(one)]])),
      ),
      resolver4: resolvers.overTcp,
    })
    await load(stage, rules)
  }

  /** Until it is closed. */
  async #keepCurrent(stage: Stage): Promise<void> {
    const { signal } = this.#ended
    let known: Networks = this.#host.own
    let lookedUpMs = performance.now()
    while (await pause(HOST_REFRESH_MS, signal)) {
      const { own } = await readHostNetwork()
      const isNews = JSON.stringify(own) !== JSON.stringify(known)
      let rules = isNews ? hostRules(own) : ''
      known = own
      if (performance.now() - lookedUpMs >= ALLOW_REFRESH_MS) {
        rules += await this.#newAddresses()
        lookedUpMs = performance.now()
      }
      if (rules === '' || signal.aborted) continue
      await load(stage, rules).catch((error: unknown) => this.#fail(error))
    }
  }

  async #newAddresses(): Promise<string> {
    const named = this.#lists.filter(({ destinations }) => destinations.hasHosts)
    const changes = await Promise.all(
      named.map(async (one) =>
        (await one.destinations.refresh()) ? listRules(allowListOf(one)) : '',
      ),
    )
    return changes.join('')
  }

  /** Rules that can't be kept are no rules. */
  #fail(error: unknown): void {
    if (this.#ended.signal.aborted) return
    this.#ended.abort()
    this.#request.onLost(error instanceof Error ? error : new Error(String(error)))
  }
}

interface NamedList {
  readonly name: string
  /** Network of the member that it is for; null: for all. */
  readonly member: string | null
  readonly destinations: AllowedDestinations
}

function listsOf(request: StageNetworkRequest, plan: NetworkPlan, lookUp: LookUp): NamedList[] {
  const named = (name: string, list: readonly string[] | undefined, member: string | null) =>
    list === undefined
      ? []
      : [{ name, member, destinations: new AllowedDestinations(list, lookUp) }]
  return [
    ...named('runner', request.config.allow, null),
    ...named('repo', request.allow, null),
    ...plan.members.flatMap(({ network, allow }) => named(`step_${network}`, allow, network)),
  ]
}

function allowListOf({ name, destinations }: NamedList): AllowList {
  return { name, allowed: destinations.networks }
}

/** An operator's list with nothing in it: there is nothing to be connected with. */
function isSilent({ config, allow }: StageNetworkRequest): boolean {
  return config.allow?.length === 0 || allow?.length === 0
}

function load(stage: Pick<Stage, 'runTool'>, rules: string): Promise<void> {
  return runTool(stage, { argv: ['nft', '-f', '-'], input: rules, networks: [''] })
}

/** False when the signal was aborted. */
function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return delay(ms, true, { signal }).catch(() => false)
}
