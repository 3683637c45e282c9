import type { SandboxStep, StagePlan, StepPlan } from '../../pipelines/plan.js'
import { SandpiperError } from '../../protocol/errors.js'
import type { Member, NetworkPlan, Subnets } from './types.js'

/** The bridge has a /23 of which the first and the last address, and its own, are taken. */
const MEMBERS_MAX = 500
/** Unique local addresses (RFC 4193) that every stage has for itself. */
export const BRIDGE6 = 'fd5a:6e64:7069::'
export const UPLINK6 = 'fd5a:6e64:7069:1::'
export const ALL6 = 'fd5a:6e64:7069::/48'

/**
 * Ranges that a stage's network may have, all the same to it: every stage has it for itself. One is taken
 * that the host has no route to of its own.
 */
const RANGES: readonly Subnets[] = ['10.213', '172.30', '192.168'].map((start) => ({
  bridge4: `${start}.120`,
  uplink4: `${start}.122`,
  all4: `${start}.120.0/22`,
}))

/**
 * Who has which address in the network of a stage. Services, detached steps and steps with an allow-list of
 * their own have a namespace each; the others share that of the stage.
 * @param isTaken whether the host has a route of its own to a network
 * @throws SandpiperError SP_NETWORK_TOO_MANY
 */
export function planNetwork(
  stage: Pick<StagePlan, 'name' | 'steps'>,
  isTaken: (network: string) => boolean = () => false,
): NetworkPlan {
  const [first] = RANGES
  const subnets = RANGES.find(({ all4 }) => !isTaken(all4)) ?? first
  if (!subnets) throw new Error('no range for networks')
  const connected = stage.steps.filter(isConnected)
  const own = connected.filter(hasOwnNetwork)
  if (own.length > MEMBERS_MAX) {
    throw new SandpiperError(
      'SP_NETWORK_TOO_MANY',
      `stage ${stage.name} has ${own.length} services, detached steps and steps with an allow-list; ${MEMBERS_MAX} fit in a network`,
      { hint: 'Spread them over several pipelines' },
    )
  }
  const members = own.map((step, index) => memberOf(step, index, subnets))
  return { subnets, members, isUsed: connected.length > 0 }
}

function isConnected(step: StepPlan): step is SandboxStep {
  return step.kind !== 'clone' && step.network !== 'none'
}

function hasOwnNetwork(step: SandboxStep): boolean {
  return step.detach || allowOf(step) !== undefined
}

function memberOf(step: SandboxStep, index: number, { bridge4 }: Subnets): Member {
  const number = index + 2
  const hex = number.toString(16).padStart(4, '0')
  const third = Number(bridge4.split('.')[2]) + (number >> 8)
  const allow = allowOf(step)
  return {
    step: step.name,
    network: `n${index}`,
    address4: `${bridge4.replace(/\d+$/, String(third))}.${number & 255}`,
    address6: `${BRIDGE6}${number.toString(16)}`,
    mac: `02:5a:6e:64:${hex.slice(0, 2)}:${hex.slice(2)}`,
    ...(allow === undefined ? {} : { allow }),
  }
}

function allowOf({ network }: SandboxStep): readonly string[] | undefined {
  return typeof network === 'object' ? network.allow : undefined
}
