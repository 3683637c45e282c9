import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { CommandsStep, EntrypointStep, StagePlan, StepPlan } from '../../pipelines/plan.js'
import type { LogSection, LogStream } from '../../protocol/log-record.js'
import type { JobKey } from '../../protocol/job-secrets.js'
import type { StageJob } from '../../protocol/job.js'
import type { HostConfig, StepLimits } from '../config.js'
import { openHost, type Host } from '../host.js'
import { sharedSecrets } from '../secrets/stage-secrets.js'
import { runStage, type StageOutcome } from '../stage/run-stage.js'
import type { StageSink, StepResult, UsageSource } from '../stage/sink.js'
import { treeWorkspace, type Workspace, type WorkspaceTree } from '../stage/workspace.js'

/** Image that `openTestHost` imports. */
export const IMAGE = 'busybox'

/** A host in a temporary directory with a busybox image. */
export interface TestHost {
  readonly directory: string
  readonly host: Host
  remove(): Promise<void>
}

/** @param more what else the host is to be, such as its data directory, which is a temporary one by default */
export async function openTestHost(
  limits: Partial<StepLimits> = {},
  more: Partial<HostConfig> = {},
): Promise<TestHost> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'sandpiper-host-'))
  const [idsDir, layersDir] = ['ids', 'layers'].map((name) => path.join(directory, name)) as [
    string,
    string,
  ]
  const own = { dataDir: directory, idsDir, layersDir }
  const host = await openHost({ ...own, limits: { graceMs: 300, ...limits }, ...more })
  await host.deps.layers.importBusybox(IMAGE)
  const remove = async (): Promise<void> => {
    await host.close()
    await rm(directory, { recursive: true, force: true })
  }
  return { directory, host, remove }
}

/** A step of a test stage; only what matters has to be said. */
export function step(
  name: string,
  commands: readonly string[],
  more: Partial<CommandsStep> = {},
): CommandsStep {
  return {
    kind: 'commands',
    name,
    commands,
    image: IMAGE,
    dependsOn: [],
    environment: {},
    runOn: { success: true, failure: false },
    failure: 'fail',
    detach: false,
    ...more,
  }
}

/** A step that runs its image's own program. */
export function program(
  name: string,
  image: string,
  more: Partial<EntrypointStep> = {},
): EntrypointStep {
  const { commands: _, kind: __, ...base } = step(name, [])
  return { ...base, kind: 'entrypoint', image, ...more }
}

/** A service: detached, and declared as one. */
export function service(
  name: string,
  commands: readonly string[],
  more: Partial<CommandsStep> = {},
): CommandsStep {
  return step(name, commands, { detach: true, service: true, ...more })
}

export function makeJob(
  steps: readonly StepPlan[],
  more: Partial<StageJob> & { readonly plan?: Partial<StagePlan> } = {},
): StageJob {
  const { plan, ...job } = more
  const stage: StagePlan = {
    kind: 'pipeline',
    type: 'docker',
    name: 'default',
    platform: { os: 'linux', arch: 'amd64' },
    dependsOn: [],
    runOn: { success: true, failure: false },
    clone: { disabled: true },
    workspace: '/drone/src',
    steps,
    ...plan,
  }
  return {
    stageId: 1,
    buildId: 1,
    buildNumber: 1,
    attempt: 1,
    stageNumber: 1,
    repo: { id: 1, slug: 'a/b', cloneUrl: 'file:///nowhere', allowFileTransport: true },
    commit: '0'.repeat(40),
    ref: 'refs/heads/main',
    stage,
    steps: steps.map(({ name }, index) => ({ name, number: index + 1 })),
    environment: {},
    timeoutMs: 60_000,
    ...job,
  }
}

/** Keeps what a stage reports, by the names of its steps. */
export class RecordingSink implements StageSink {
  readonly #names: ReadonlyMap<number, string>
  readonly #output = new Map<string, Buffer[]>()
  readonly results = new Map<string, StepResult>()
  /** What the steps wrote to standard error. */
  readonly errors = new Map<string, string>()
  readonly sources = new Map<string, UsageSource>()
  /** Commands that began, with the log's length then. */
  readonly sections: (LogSection & { readonly step: string; readonly at: number })[] = []
  /** `start NAME` and `end NAME`, in order. */
  readonly events: string[] = []
  /** Gets a step's log so far whenever it has grown. */
  readonly #onOutput: (name: string, log: string) => void

  constructor(job: StageJob, onOutput: (name: string, log: string) => void = () => undefined) {
    this.#names = new Map(job.steps.map(({ name, number }) => [number, name]))
    this.#onOutput = onOutput
  }

  stepStarted(number: number): void {
    this.events.push(`start ${this.#name(number)}`)
  }

  stepUsage(number: number, usage: UsageSource): void {
    this.sources.set(this.#name(number), usage)
  }

  output(number: number, data: Buffer, stream: LogStream): undefined {
    const name = this.#name(number)
    this.#output.set(name, [...(this.#output.get(name) ?? []), data])
    if (stream === 'stderr') this.errors.set(name, (this.errors.get(name) ?? '') + data.toString())
    this.#onOutput(name, this.log(name))
  }

  section(number: number, section: LogSection): void {
    const step = this.#name(number)
    this.sections.push({ ...section, step, at: this.log(step).length })
  }

  stepFinished(result: StepResult): Promise<void> {
    const name = this.#name(result.step)
    this.results.set(name, result)
    this.events.push(`end ${name}`)
    return Promise.resolve()
  }

  log(name: string): string {
    return Buffer.concat(this.#output.get(name) ?? []).toString()
  }

  #name(number: number): string {
    return this.#names.get(number) ?? String(number)
  }
}

export interface TestRun {
  readonly sink: RecordingSink
  readonly outcome: StageOutcome
}

/** Runs a job on the test host and gives what it reported. */
export async function runJob(
  { host }: TestHost,
  job: StageJob,
  options: {
    readonly tree?: WorkspaceTree
    readonly workspace?: Workspace
    readonly signal?: AbortSignal
    /** Values by the secrets' names. */
    readonly secrets?: ReadonlyMap<string, string>
    /** What the secrets that the job brings are opened with. */
    readonly jobKey?: JobKey
    readonly onOutput?: (name: string, log: string) => void
  } = {},
): Promise<TestRun> {
  const { tree, signal = new AbortController().signal } = options
  const workspace = options.workspace ?? treeWorkspace(tree ?? { path: '/nowhere' })
  const sink = new RecordingSink(job, options.onOutput)
  const { secrets, jobKey = null } = options
  const shared = secrets && { secrets: sharedSecrets(secrets) }
  const deps = { ...host.deps, workspace, jobKey, ...shared }
  const outcome = await runStage(job, deps, sink, signal)
  return { sink, outcome }
}
