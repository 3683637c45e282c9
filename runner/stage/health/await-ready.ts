import { setTimeout as delay } from 'node:timers/promises'
import type { ExecSpec, Sandbox } from '../../../native/lib/types.js'
import { TIMER_MS_MAX } from '../deadline.js'
import { formatDuration, formatElapsed } from '../format.js'
import { checkCommand, type CheckFailure } from './check-command.js'
import { isListening, networkOf } from './listening.js'
import type { ReadinessPlan } from './readiness-plan.js'

export interface ReadinessRequest {
  readonly sandbox: Sandbox
  readonly plan: ReadinessPlan
  /** How the plan's command is run, where it has one. */
  readonly exec: ExecSpec | null
  /** Aborted when the step has ended. */
  readonly signal: AbortSignal
  readonly say: (text: string) => Promise<void>
}

/** `gone`: it ended, or was ended, before this was known. */
export type Readiness = 'ready' | 'gone' | { readonly reason: string }

/**
 * Checks a detached step until it is ready: at once, then in the plan's interval. What fails in the start
 * period, and the check at once, do not count; `retries` others that fail do.
 */
export async function awaitReady(request: ReadinessRequest): Promise<Readiness> {
  const { plan, signal, say } = request
  const since = performance.now()
  const elapsed = (): number => performance.now() - since
  await say(`waiting until it is ready: ${describeCheck(plan)}`)
  const network = await networkOf(request.sandbox.pid)
  for (let failures = 0, isFirst = true; ; isFirst = false) {
    const failure = await check(request, network)
    if (signal.aborted) return 'gone'
    if (failure === null) {
      await say(`ready after ${formatElapsed(elapsed())}`)
      return 'ready'
    }
    if (!isFirst && elapsed() >= plan.startPeriodMs) failures++
    if (failures >= plan.retries && !isFirst) return { reason: describeFailure(failure, failures) }
    if (failures > 0) await say(`not ready (${failures} of ${plan.retries}): ${failure.reason}`)
    await delay(Math.min(plan.intervalMs, TIMER_MS_MAX), undefined, { signal }).catch(
      () => undefined,
    )
  }
}

async function check(request: ReadinessRequest, network: string | null): Promise<CheckFailure> {
  const { sandbox, plan, exec } = request
  if (exec !== null) return checkCommand(sandbox, exec, plan.timeoutMs)
  const { ports = [] } = plan
  for (const port of ports) {
    if (network !== null && (await isListening(sandbox.pid, network, port))) return null
  }
  return { reason: `nothing listens on ${describePorts(ports)}`, output: '' }
}

function describeCheck({ ports, ofImage, ...plan }: ReadinessPlan): string {
  const { intervalMs, retries, startPeriodMs } = plan
  const own = ofImage ? "its image's health check passes" : 'its health check passes'
  const what = ports === undefined ? own : `${describePorts(ports)} is open`
  const start = startPeriodMs === 0 ? '' : `, not counted for ${formatDuration(startPeriodMs)}`
  return `${what}, tried every ${formatDuration(intervalMs)}, ${retries} times${start}`
}

function describePorts(ports: readonly number[]): string {
  return ports.length === 1 ? `port ${String(ports[0])}` : `one of the ports ${ports.join(', ')}`
}

function describeFailure(failure: NonNullable<CheckFailure>, failures: number): string {
  const output = failure.output === '' ? '' : `\n${failure.output}`
  return `not ready after ${failures} checks: ${failure.reason}${output}`
}
