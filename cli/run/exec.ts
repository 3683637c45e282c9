import { resolve } from 'node:path'
import { buildEnvironment, type BuildEvent, EVENT_NAMES, type Plan } from '../../pipelines/index.js'
import {
  createLocalExecutor,
  type LocalResult,
  type LocalRun,
} from '../../runner/local-executor.js'
import type { CommandContext } from '../command.js'
import { limitsOf } from '../config/limits.js'
import { dataDirOf } from '../data-dir.js'
import { usageError } from '../errors.js'
import { localEvent, localRepo } from '../exec/event.js'
import { describeLeftOut, describeResult } from '../exec/describe-result.js'
import { viewSink, type NamedStepResult } from '../exec/view-sink.js'
import { readWorkingTree, type WorkingTree } from '../exec/working-tree.js'
import { ExitCode } from '../exit-code.js'
import { printJson, printLine, type CliIo } from '../io.js'
import { createBuildView, type BuildView } from '../terminal/view.js'
import { VERSION } from '../version.js'
import { viewFor } from '../commands/build-logs.js'
import { requireRoot } from './require-root.js'
import { compileFile, formatDiagnostics } from './pipeline-file.js'

const DEFAULT_FILE = '.pipeline.yml'
const STAGE_TIMEOUT_MS = 24 * 3_600_000

/** `sandpiper exec`: see the command's help. */
export async function runExec(context: CommandContext): Promise<ExitCode> {
  const { io } = context
  const name = context.args[0] ?? DEFAULT_FILE
  const file = resolve(io.cwd, name)
  const event = EVENT_NAMES.find((known) => known === (context.option('event') ?? 'push'))
  if (event === undefined) throw usageError('unknown --event', `one of ${EVENT_NAMES.join(', ')}`)
  const tree = await treeOf(file)
  const facts = {
    event: localEvent(tree, { event, branch: context.option('branch') }),
    repo: localRepo(tree),
  }
  const compiled = await compileFile(file, name, facts)
  const { plan: whole, diagnostics } = compiled
  if (whole === null && context.json) {
    printJson(io, [{ file: name, ok: false, diagnostics }])
    return ExitCode.failed
  }
  io.stderr.write(formatDiagnostics(compiled))
  if (whole === null) return ExitCode.failed
  const plan = selectPipeline(whole, context.option('pipeline'))
  for (const { name: skipped, reason } of plan.skipped) {
    io.stderr.write(`pipeline ${skipped} does not run: ${reason}\n`)
  }
  requireRoot(io, 'exec')
  return run(context, { plan, tree, event: facts.event })
}

/** A file that isn't there is told by the compiler's reading of it, not by git. */
async function treeOf(file: string): Promise<WorkingTree> {
  try {
    return await readWorkingTree(file)
  } catch {
    throw usageError(
      `can't read ${file}`,
      'give the path of a pipeline file; default: .pipeline.yml',
    )
  }
}

function selectPipeline(plan: Plan, name: string | undefined): Plan {
  if (name === undefined) return plan
  const stage = plan.stages.find((candidate) => candidate.name === name)
  if (stage !== undefined) return { stages: [{ ...stage, dependsOn: [] }], skipped: [] }
  const skipped = plan.skipped.find((candidate) => candidate.name === name)
  if (skipped !== undefined) throw usageError(`pipeline ${name} does not run: ${skipped.reason}`)
  const names = plan.stages.map((candidate) => candidate.name).join(', ')
  throw usageError(`no pipeline ${name} in the file`, `there are: ${names}`)
}

interface Work {
  readonly plan: Plan
  readonly tree: WorkingTree
  readonly event: BuildEvent
}

async function run(context: CommandContext, work: Work): Promise<ExitCode> {
  const { io, settings } = context
  const executor = await createLocalExecutor({
    dataDir: dataDirOf(io, settings),
    limits: limitsOf(settings),
  })
  const view = context.json ? jsonView(io) : viewFor(io)
  const steps = new Map<string, NamedStepResult[]>()
  const since = Date.now()
  try {
    for (const line of describeLeftOut(work.plan)) view.note(line)
    const result = await executor.run(localRun(context, work, view, steps))
    view.close()
    if (context.json) printJson(io, describe(result, steps))
    else
      printLine(
        io,
        describeResult({ plan: work.plan, result, steps, durationMs: Date.now() - since }),
      )
    return result.passed ? ExitCode.ok : ExitCode.failed
  } finally {
    view.close()
    await executor.close()
  }
}

/** With --json stdout is the document's alone. */
function jsonView(io: CliIo): BuildView {
  return createBuildView({
    stream: io.stderr,
    size: () => null,
    colours: false,
    now: () => Date.now(),
  })
}

function localRun(
  { io, settings }: CommandContext,
  { plan, tree, event }: Work,
  view: BuildView,
  steps: Map<string, NamedStepResult[]>,
): LocalRun {
  const repo = localRepo(tree)
  const { slug, cloneUrl } = repo
  const build = { number: 1, parent: 0, created: Date.now(), started: Date.now(), link: '' }
  return {
    plan,
    tree: { path: tree.path, owner: tree.owner },
    repo: { id: 0, slug, cloneUrl, allowFileTransport: false },
    commit: event.after,
    ref: event.ref,
    environmentOf: (stage, number) =>
      buildEnvironment({
        event,
        repo,
        build,
        stage: { ...stage, number, machine: settings.machine ?? io.hostname },
        system: { link: '', version: VERSION },
      }),
    timeoutMs: STAGE_TIMEOUT_MS,
    sinkFor(job) {
      const results: NamedStepResult[] = []
      steps.set(job.stage.name, results)
      return viewSink(view, job, { several: plan.stages.length > 1, results })
    },
    signal: io.stop,
  }
}

function describe(result: LocalResult, steps: ReadonlyMap<string, NamedStepResult[]>): unknown {
  return {
    passed: result.passed,
    stages: result.stages.map((stage) => ({
      ...stage,
      steps: (steps.get(stage.name) ?? []).map(({ name, status, exitCode, error, usage }) => ({
        ...{ name, status, exit_code: exitCode, error },
        usage:
          usage === null
            ? null
            : {
                cpu_ms: usage.cpuMs,
                memory_peak_bytes: usage.memoryPeakBytes,
                wall_ms: usage.wallMs,
              },
      })),
    })),
  }
}
