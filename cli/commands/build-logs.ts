import { isFailure, isTerminal } from '../../protocol/status.js'
import {
  getBuild,
  type ApiBuild,
  type ApiStage,
  type ApiStep,
  type RepoName,
} from '../client/api.js'
import type { ServerAddress } from '../client/find-server.js'
import { followBuild } from '../client/follow-build.js'
import { followLog, logPath, type LogAddress } from '../client/follow-log.js'
import { send } from '../client/http.js'
import type { CommandContext } from '../command.js'
import { Exit, usageError } from '../errors.js'
import { ExitCode } from '../exit-code.js'
import { printJson, type CliIo } from '../io.js'
import { safeLines } from '../terminal/log-lines.js'
import { searchLog } from './search-log.js'
import { createBuildView, type BuildView } from '../terminal/view.js'
import { buildArgument, repoArgument, serverOf } from './arguments.js'

/** `sandpiper build logs`: one step's log, or the whole build in a live view. */
export async function runBuildLogs(context: CommandContext): Promise<ExitCode> {
  const repo = repoArgument(context.args[0])
  const asked = buildArgument(context.args[1])
  const [, , stageText, stepText] = context.args
  if (stageText !== undefined && stepText === undefined)
    throw usageError('the step is missing', 'give stage and step, or neither')
  if (context.json && context.has('follow'))
    throw usageError(
      '--follow and --json exclude each other',
      'one shows a build as it happens, the other is one document',
    )
  checkPart(context, stepText !== undefined)
  const server = await serverOf(context)
  const build = await getBuild(server, repo, asked)
  const { number } = build
  if (stageText === undefined || stepText === undefined) {
    return context.json
      ? jsonBuild(context.io, server, repo, build)
      : untilInterrupted(context, () => wholeBuild(context, server, repo, number))
  }
  const none = isTerminal(build.status) ? 'none, `build show` says why' : 'none yet'
  const stage = pick(build.stages ?? [], stageText, { what: 'stage', none })
  const step = pick(stage.steps ?? [], stepText, { what: 'step', none })
  const log = { repo, build: number, stage: stage.number, step: step.number }
  const text = context.option('search')
  if (text !== undefined) {
    const stream = context.has('stderr') ? 'stderr' : undefined
    await searchLog(context.io, server, log, { text, stream, json: context.json })
    return ExitCode.ok
  }
  if (context.json) {
    printJson(context.io, await readRecords(server, log, context.option('tail')))
    return ExitCode.ok
  }
  await untilInterrupted(context, () => printLog(context, server, log))
  if (!context.has('follow')) return ExitCode.ok
  return exitCodeOfStep(await getBuild(server, repo, number), log)
}

/** An interrupt ends only the following. */
async function untilInterrupted<T>(context: CommandContext, work: () => Promise<T>): Promise<T> {
  const { io } = context
  const following = context.has('follow')
  try {
    return await work()
  } catch (error) {
    if (!following || !io.stop.aborted) throw error
    io.stderr.write('stopped following; the build goes on\n')
    throw new Exit(ExitCode.interrupted)
  }
}

async function wholeBuild(
  context: CommandContext,
  server: ServerAddress,
  repo: RepoName,
  number: number,
): Promise<ExitCode> {
  const { io } = context
  const view = viewFor(io)
  const follow = context.has('follow')
  try {
    const build = await followBuild({ server, repo, number, view, follow, signal: io.stop })
    if (build.error !== '') view.note(safeLines(build.error, false).join('\n'))
    return follow && isFailure(build.status) ? ExitCode.failed : ExitCode.ok
  } finally {
    view.close()
  }
}

/** The view for this process's terminal. */
export function viewFor(io: CliIo): BuildView {
  return createBuildView({
    stream: io.stdout,
    size: () => io.terminalSize(),
    colours: io.colours,
    now: () => Date.now(),
  })
}

/** A stage or step by number or by name. */
function pick<T extends ApiStage | ApiStep>(
  things: readonly T[],
  text: string,
  { what, none }: { readonly what: string; readonly none: string },
): T {
  const found =
    things.find(({ name }) => name === text) ?? things.find(({ number }) => String(number) === text)
  if (found !== undefined) return found
  const names = things.map(({ number, name }) => `${number} ${name}`).join(', ')
  throw usageError(`no ${what} \`${text}\` in this build`, `there are: ${names || none}`)
}

/** The build as `build show --json` has it; each step that has started has its log in `records`. */
async function jsonBuild(
  io: CliIo,
  server: ServerAddress,
  repo: RepoName,
  build: ApiBuild,
): Promise<ExitCode> {
  const stages = []
  for (const stage of build.stages ?? []) {
    const steps = []
    for (const step of stage.steps ?? []) {
      const log = { repo, build: build.number, stage: stage.number, step: step.number }
      const records = step.started_ms > 0 ? await readRecords(server, log) : []
      steps.push({ ...step, records })
    }
    stages.push({ ...stage, steps })
  }
  printJson(io, { ...build, stages })
  return ExitCode.ok
}

/** A part of a log is a part of one log, and it is there already. */
function checkPart(context: CommandContext, isStep: boolean): void {
  const tail = context.option('tail')
  if (tail !== undefined && !/^[1-9]\d{0,5}$/.test(tail))
    throw usageError('--tail must be a number of lines', 'such as 100; 999999 at most')
  const isSearch = context.option('search') !== undefined
  const parts = [tail && '--tail', isSearch && '--search', context.has('stderr') && '--stderr']
  const part = parts.find(Boolean)
  if (part === undefined) return
  if (context.has('stderr') && !isSearch && (context.json || tail !== undefined))
    throw usageError(
      '--stderr gives text, and all of it',
      'with --json each record has its `stream`: leave --stderr out',
    )
  if (!isStep) throw usageError(`${part} is about one step`, 'name its stage and the step')
  if (context.has('follow'))
    throw usageError(
      `--follow and ${part} exclude each other`,
      'one of them is for what is to come',
    )
}

function partPath(log: LogAddress, tail: string | undefined): string {
  return tail === undefined ? logPath(log) : `${logPath(log)}?tail=${tail}`
}

async function readRecords(
  server: ServerAddress,
  log: LogAddress,
  tail?: string,
): Promise<unknown[]> {
  const response = await send(server, partPath(log, tail), {
    headers: { accept: 'application/x-ndjson' },
  })
  const lines = (await response.text()).split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as unknown)
}

/** On a terminal the text is made safe; into a file or pipe go the very bytes. */
async function printLog(
  context: CommandContext,
  server: ServerAddress,
  log: LogAddress,
): Promise<void> {
  const { io } = context
  const terminal = io.terminalSize() !== null
  const onText = (text: string): void => {
    if (!terminal) io.stdout.write(text)
    else io.stdout.write(safeLines(text, io.colours).join('\n') + (text.endsWith('\n') ? '\n' : ''))
  }
  if (context.has('follow')) {
    const onLost = (): void => {
      io.stderr.write(`${server.url} does not answer; trying again\n`)
    }
    await followLog(server, log, { signal: io.stop, onText, onLost })
    return
  }
  const path = context.has('stderr')
    ? `${logPath(log)}/download?stream=stderr`
    : partPath(log, context.option('tail'))
  const response = await send(server, path, { headers: { accept: 'text/plain' } })
  onText(await response.text())
}

function exitCodeOfStep(build: ApiBuild, log: LogAddress): ExitCode {
  const stage = build.stages?.find(({ number }) => number === log.stage)
  const step = stage?.steps?.find(({ number }) => number === log.step)
  return step !== undefined && isFailure(step.status) ? ExitCode.failed : ExitCode.ok
}
