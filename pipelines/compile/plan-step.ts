import { impliedHealthcheck } from '../schema/healthcheck-shape.js'
import { isDetached, type NamedStep } from '../schema/all-steps.js'
import { variableNamed } from '../environment/variables.js'
import { isAbsolute, normalPath } from '../schema/paths.js'
import type { Variable } from '../schema/secret-ref.js'
import type { DecodedPipeline } from '../schema/pipeline-shape.js'
import type {
  CommandsStep,
  EntrypointStep,
  HealthcheckPlan,
  MountPlan,
  ResourcesPlan,
  RunOn,
  SandboxStep,
} from '../plan.js'
import { builderOfStep } from '../builders/builder-step.js'
import { compact } from './compact.js'
import { declaredVolumes } from './volumes.js'

/** What a step is planned from. */
export interface StepInput {
  readonly pipeline: DecodedPipeline
  readonly workspace: string
  readonly named: NamedStep
  readonly runOn: RunOn
  readonly dependsOn: readonly string[]
  /** What is set before the pipeline's own variables. */
  readonly variables: Pick<ReadonlySet<string>, 'has'>
}

/** One step of a plan. Everything about it was checked before. */
export function planStep(input: StepInput): SandboxStep {
  const { step } = input.named
  const { commands, entrypoint, command } = step
  const base = basePlan(input)
  const isExec = input.pipeline.type?.value === 'exec'
  const hasProgram = entrypoint !== undefined || command !== undefined
  if (commands !== undefined || (isExec && !hasProgram)) {
    return commandsStep(base, input.named)
  }
  return {
    kind: 'entrypoint',
    ...base,
    ...compact({ entrypoint: entrypoint?.value, command: command?.value }),
    ...(isExec ? {} : compact({ builder: builderOfStep(input.named) })),
  }
}

type Base = Omit<EntrypointStep, 'kind' | 'entrypoint' | 'command' | 'builder'>

function commandsStep(base: Base, { step }: NamedStep): CommandsStep {
  return {
    kind: 'commands',
    ...base,
    commands: step.commands?.items.map(({ value }) => value) ?? [],
    ...compact({ shell: step.shell?.value, publish: step.publish }),
  }
}

function basePlan(input: StepInput): Base {
  const { named, runOn, dependsOn } = input
  const { step } = named
  return {
    name: named.name,
    dependsOn,
    ...compact({ image: step.image?.value, pull: step.pull?.value }),
    ...variablesPlan(input),
    runOn,
    failure: step.failure?.value ?? 'fail',
    detach: isDetached(named),
    ...(named.isService ? { service: true } : {}),
    ...compact({
      user: step.user?.value,
      workingDir: step.working_dir && insideOf(input.workspace, step.working_dir.value),
      mounts: mountsOf(input),
      extraHosts: nonEmpty(step.extra_hosts?.items),
      dns: nonEmpty(step.dns?.items.map(({ value }) => value)),
      dnsSearch: nonEmpty(step.dns_search?.items.map(({ value }) => value)),
      shmBytes: step.shm_size?.value,
      resources: resourcesOf(input),
      network: networkOf(named),
      timeoutMs: step.timeout?.value,
      retry: step.retry,
      healthcheck: healthcheckOf(named),
    }),
  }
}

function nonEmpty<T>(items: readonly T[] | undefined): readonly T[] | undefined {
  return items === undefined || items.length === 0 ? undefined : items
}

/** Settings win over variables of the same name, as in Drone. */
function variablesPlan({
  pipeline: { environment: shared = [] },
  named: { step },
  variables,
}: StepInput): Pick<SandboxStep, 'environment' | 'secrets' | 'secretTexts'> {
  const own = new Map<string, Variable>()
  for (const one of [...(step.environment ?? []), ...(step.settings ?? [])]) own.set(one.name, one)
  const inherited = shared.filter(({ name, value }) => value === undefined && !own.has(name))
  const all = [...inherited, ...own.values()]
  const secrets = secretsOf(all)
  const secretTexts = Object.fromEntries(
    all.flatMap(({ name, parts }) => (parts === undefined ? [] : [[name, parts] as const])),
  )
  return {
    environment: textsOf(
      [...own.values()],
      (name) => variables.has(name) || shared.some((one) => one.name === name && one.value),
    ),
    ...(Object.keys(secrets).length === 0 ? {} : { secrets }),
    ...(Object.keys(secretTexts).length === 0 ? {} : { secretTexts }),
  }
}

/**
 * Variables whose values stand in the file, as they stand in the plan. As in Drone a variable without a
 * value is not set; it stays where it takes the value from one that is set anyway.
 * @param isSet whether a variable is set anyway
 */
export function textsOf(
  variables: readonly Variable[],
  isSet: (name: string) => boolean,
): Readonly<Record<string, string>> {
  const isNeeded = (name: string) => isSet(name) || variableNamed(name) !== undefined
  return Object.fromEntries(
    variables.flatMap(({ name, value }) =>
      value === undefined || (value === '' && !isNeeded(name)) ? [] : [[name, value] as const],
    ),
  )
}

function secretsOf(variables: readonly Variable[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    variables.flatMap(({ name, secret }) =>
      secret === undefined ? [] : [[name, secret] as const],
    ),
  )
}

function mountsOf({ pipeline, workspace, named }: StepInput): readonly MountPlan[] | undefined {
  if (builderOfStep(named) !== undefined) return undefined
  const { step } = named
  const volumes = declaredVolumes(pipeline)
  const mounts = (step.volumes?.items ?? []).flatMap(({ name, path, read_only: readOnly }) => {
    if (name === undefined || path === undefined || !volumes.has(name.value)) return []
    const inside = path.value.startsWith('/')
      ? normalPath(path.value)
      : isAbsolute(path.value)
        ? path.value
        : normalPath(`${workspace}/${path.value}`)
    const mount = { volume: name.value, path: inside }
    return [readOnly?.value === true ? { ...mount, readOnly: true } : mount]
  })
  return nonEmpty(mounts)
}

function resourcesOf({ pipeline, named: { step } }: StepInput): ResourcesPlan | undefined {
  const limit = step.mem_limit === undefined ? {} : { memoryBytes: step.mem_limit.value }
  const resources = { ...pipeline.resources, ...limit, ...step.resources }
  return Object.keys(resources).length === 0 ? undefined : resources
}

function networkOf({ step: { network, network_mode: mode } }: NamedStep): SandboxStep['network'] {
  if (network?.kind === 'none' || mode?.value === 'none') return 'none'
  return network?.kind === 'allow' ? { allow: network.allow } : undefined
}

function healthcheckOf(named: NamedStep): HealthcheckPlan | undefined {
  if (!isDetached(named)) return undefined
  const { healthcheck, ports } = named.step
  const port = ports?.items.find(({ protocol }) => protocol === 'tcp')
  return healthcheck ?? (port && impliedHealthcheck(port.port))
}

/** A normal path: below the workspace where it stays there, else absolute. */
function insideOf(workspace: string, path: string): string {
  if (isAbsolute(path)) return path.startsWith('/') ? normalPath(path) : path
  const whole = normalPath(`${workspace}/${path}`)
  return whole.startsWith(`${workspace}/`) ? whole.slice(workspace.length + 1) : whole
}
