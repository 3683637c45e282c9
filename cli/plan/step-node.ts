import type {
  Demand,
  HealthcheckPlan,
  MountPlan,
  PublishPlan,
  ResourcesPlan,
  RetryPlan,
  SandboxStep,
  StagePlan,
  StepPlan,
} from '../../pipelines/index.js'
import { formatBytes, formatDuration } from '../terminal/duration.js'
import { cleanName } from '../terminal/log-lines.js'
import type { TreeNode } from './tree.js'
import { count, detail, runsOn } from './words.js'

/** A step or service with everything that is not as usual. */
export function stepNode(step: StepPlan, stage: StagePlan, bold: Bold): TreeNode {
  const { demands = [] } = stage
  if (step.kind === 'clone') {
    return { text: `step ${bold(cleanName(step.name))}: checks out the commit` }
  }
  const kind = step.service === true ? 'service' : 'step'
  const what = [step.image, programOf(step)].filter((one) => one !== undefined).join(', ')
  return {
    text: `${kind} ${bold(cleanName(step.name))}: ${cleanName(what)}`,
    children: [
      ...detail('after', describeDependencies(step.dependsOn, stage.steps)),
      ...runsOn(step.runOn),
      ...outcome(step),
      ...surroundings(step),
      ...demandNodes(demands.filter((demand) => demand.step === step.name)),
    ],
  }
}

/** Most steps wait for all services: these are told in one word, after what else there is. */
function describeDependencies(names: readonly string[], steps: readonly StepPlan[]): string {
  const services = steps.flatMap((step) =>
    step.kind !== 'clone' && step.service === true ? [step.name] : [],
  )
  const given = new Set(names)
  if (services.length < 2 || !services.every((name) => given.has(name))) return names.join(', ')
  const isService = new Set(services)
  return [...names.filter((name) => !isService.has(name)), 'the services'].join(', ')
}

/** Makes a name stand out. */
export type Bold = (text: string) => string

/** What a pipeline or step asks for beyond what everybody gets, with its place in the file. */
export function demandNodes(demands: readonly Demand[]): TreeNode[] {
  return demands.flatMap(({ what, at }) => detail('needs trust', `${what} (${at})`))
}

function programOf(step: SandboxStep): string {
  if (step.kind === 'commands') {
    const shell = step.shell === undefined ? '' : ` with ${step.shell}`
    return `${count(step.commands.length, 'command')}${shell}`
  }
  const { entrypoint, command, builder } = step
  if (builder !== undefined) return 'an image is built by its settings, without Docker'
  if (entrypoint !== undefined) {
    return `entrypoint ${JSON.stringify([...entrypoint, ...(command ?? [])])}`
  }
  const rest = command === undefined ? '' : `, command ${JSON.stringify(command)}`
  return `the image's own entrypoint${rest}`
}

function outcome(step: SandboxStep): TreeNode[] {
  const isDetached = step.detach && step.service !== true
  return [
    ...(isDetached ? [{ text: 'runs in the background' }] : []),
    ...detail('failure', FAILURE_MODES[step.failure]),
    ...detail('retry', step.retry && describeRetry(step.retry)),
    ...detail('timeout', step.timeoutMs === undefined ? '' : formatDuration(step.timeoutMs)),
    ...detail('health check', step.healthcheck && describeCheck(step.healthcheck)),
    ...detail('publishes', step.kind === 'commands' ? describePublish(step.publish) : undefined),
  ]
}

function describePublish(publish: PublishPlan | undefined): string | undefined {
  return publish && publish.tags.map((tag) => `${publish.repo}:${tag}`).join(', ')
}

const FAILURE_MODES = {
  fail: '',
  ignore: 'ignored',
  fast: 'cancels what still runs',
} as const satisfies Record<SandboxStep['failure'], string>

function surroundings(step: SandboxStep): TreeNode[] {
  const inner = Object.entries(step.secretTexts ?? {}).flatMap(([name, parts]) =>
    parts.flatMap(({ secret }) => (secret === undefined ? [] : [[name, secret] as const])),
  )
  const secrets = [...Object.entries(step.secrets ?? {}), ...inner]
  return [
    ...detail('image is pulled', step.pull),
    ...detail('user', step.user),
    ...detail('directory', step.workingDir),
    ...detail('resources', step.resources && describeResources(step.resources)),
    ...detail('network', describeNetwork(step.network)),
    ...detail('volumes', (step.mounts ?? []).map(describeMount).join(', ')),
    ...detail('secrets', secrets.map(([name, secret]) => `${name} from ${secret}`).join(', ')),
  ]
}

function describeNetwork(network: SandboxStep['network']): string | undefined {
  if (typeof network !== 'object') return network
  return network.allow.length === 0 ? 'services only' : `only ${network.allow.join(', ')}`
}

function describeRetry({ count: tries, backoffMs, exitCodes }: RetryPlan): string {
  const pause = backoffMs === 0 ? '' : `, the first after ${formatDuration(backoffMs)}`
  const codes = exitCodes === undefined ? '' : `, on exit code ${exitCodes.join(', ')} only`
  return `${tries} more ${tries === 1 ? 'try' : 'tries'}${pause}${codes}`
}

function describeCheck(check: HealthcheckPlan): string {
  const what =
    check.command === undefined ? `port ${check.port ?? 0}` : JSON.stringify(check.command)
  const { intervalMs, timeoutMs, retries } = check
  const often = `every ${formatDuration(intervalMs)}, for ${formatDuration(timeoutMs)} at most`
  return `${what}, ${often}, ${count(retries, 'try').replace(/ys$/, 'ies')}`
}

function describeResources({ cpus, memoryBytes, pids, diskBytes }: ResourcesPlan): string {
  return [
    cpus === undefined ? '' : `${cpus} cpus`,
    memoryBytes === undefined ? '' : `memory ${formatBytes(memoryBytes)}`,
    pids === undefined ? '' : `${pids} pids`,
    diskBytes === undefined ? '' : `disk ${formatBytes(diskBytes)}`,
  ]
    .filter((part) => part !== '')
    .join(', ')
}

function describeMount({ volume, path, readOnly = false }: MountPlan): string {
  return `${volume} at ${path}${readOnly ? ' (read-only)' : ''}`
}
