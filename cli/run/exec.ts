import { join } from 'node:path'
import {
  buildEnvironment,
  type BuildEvent,
  formatSummary,
  type Plan,
  type RepoFacts,
} from '../../pipelines/index.js'
import { createLocalExecutor, type LocalRun } from '../../runner/local-executor.js'
import type { CommandContext } from '../command.js'
import { limitsOf } from '../config/limits.js'
import { networkOf } from '../config/network.js'
import { dataDirOf } from '../data-dir.js'
import { usageError } from '../errors.js'
import { localEvent, localRepo } from '../exec/event.js'
import { describeLeftOut, describeResult } from '../exec/describe-result.js'
import { viewSink, type NamedStepResult } from '../exec/view-sink.js'
import { readEventOptions } from '../exec/event-options.js'
import { readSecrets } from '../exec/secrets.js'
import { resultJson } from '../exec/result-json.js'
import { readWorkingTree, type WorkingTree } from '../exec/working-tree.js'
import { ExitCode } from '../exit-code.js'
import { imagesConfig } from '../images/registries.js'
import { hasColoursOnStderr, printJson, printLine, type CliIo } from '../io.js'
import { lintedFiles } from '../lint/linted-files.js'
import { cleanName } from '../terminal/log-lines.js'
import { createDiagnosticStyle } from '../terminal/style.js'
import { createBuildView, type BuildView } from '../terminal/view.js'
import { VERSION } from '../version.js'
import { viewFor } from '../commands/build-logs.js'
import { requireRoot } from './require-root.js'
import { findBuildFiles } from './find-pipeline-files.js'
import { compileFiles, formatDiagnostics } from './pipeline-file.js'

const SECRET_WARNING =
  'what --secret gives is in the list of processes; --secret-file keeps it out of there'
const STAGE_TIMEOUT_MS = 24 * 3_600_000

/** `sandpiper exec`: see the command's help. */
export async function runExec(context: CommandContext): Promise<ExitCode> {
  const { io } = context
  const wish = readEventOptions(context)
  const secrets = await readSecrets(context)
  const files = await findBuildFiles(io, context.args[0])
  const tree = await readWorkingTree(join(files.root, '.git'))
  const facts = { event: localEvent(tree, wish), repo: localRepo(tree, wish.repo) }
  const compiled = await compileFiles(files, facts)
  const { plan: whole, diagnostics } = compiled
  if (whole === null && context.json) {
    printJson(io, lintedFiles(files.sources, diagnostics, false))
    return ExitCode.failed
  }
  io.stderr.write(formatDiagnostics(compiled, createDiagnosticStyle(hasColoursOnStderr(io))))
  const summary = formatSummary(diagnostics, files.sources.length)
  if (whole === null) {
    io.stderr.write(`${summary}\n`)
    return ExitCode.failed
  }
  const plan = selectPipeline(whole, context.option('pipeline'))
  for (const { name: skipped, reason } of plan.skipped) {
    io.stderr.write(`pipeline ${cleanName(skipped)} does not run: ${cleanName(reason)}\n`)
  }
  await requireRoot(io, 'exec')
  return run(context, { plan, tree, secrets, ...facts, event: compiled.event })
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
  readonly secrets: ReadonlyMap<string, string>
  readonly event: BuildEvent
  readonly repo: RepoFacts
}

async function run(context: CommandContext, work: Work): Promise<ExitCode> {
  const { io, settings } = context
  const { diskReserve } = settings
  const executor = await createLocalExecutor({
    dataDir: dataDirOf(io, settings),
    ...(diskReserve === undefined ? {} : { diskReserveBytes: diskReserve }),
    limits: limitsOf(settings),
    network: networkOf(settings),
    ...(await imagesConfig(context)),
  })
  const view = context.json ? jsonView(io) : viewFor(io)
  const steps = new Map<string, NamedStepResult[]>()
  const since = Date.now()
  try {
    if (executor.warning !== null) view.note(`warning: ${executor.warning}`)
    if (context.list('secret').length > 0) view.note(`warning: ${SECRET_WARNING}`)
    for (const line of describeLeftOut(work.plan)) view.note(line)
    const result = await executor.run(localRun(context, work, view, steps))
    view.close()
    if (context.json) printJson(io, resultJson(result, work.plan, steps))
    else
      printLine(
        io,
        describeResult({ plan: work.plan, result, steps, durationMs: Date.now() - since }),
      )
    if (result.passed) return ExitCode.ok
    return io.stop.aborted ? ExitCode.interrupted : ExitCode.failed
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
  { plan, tree, secrets, event, repo }: Work,
  view: BuildView,
  steps: Map<string, NamedStepResult[]>,
): LocalRun {
  const { slug, cloneUrl } = repo
  const build = { number: 1, parent: 0, created: Date.now(), started: Date.now(), link: '' }
  return {
    plan,
    secrets,
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
