import { isFailure } from '../../protocol/status.js'
import { getBuild, type ApiBuild, type ApiStage, type ApiStep } from '../client/api.js'
import type { ServerAddress } from '../client/find-server.js'
import { followBuild } from '../client/follow-build.js'
import { followLog, logPath, type LogAddress } from '../client/follow-log.js'
import { send } from '../client/http.js'
import type { CommandContext } from '../command.js'
import { usageError } from '../errors.js'
import { ExitCode } from '../exit-code.js'
import { printJson, type CliIo } from '../io.js'
import { safeLines } from '../terminal/log-lines.js'
import { createBuildView, type BuildView } from '../terminal/view.js'
import { numberArgument, repoArgument, serverOf } from './arguments.js'

/** `sandpiper build logs`: one step's log, or the whole build in a live view. */
export async function runBuildLogs(context: CommandContext): Promise<ExitCode> {
  const server = await serverOf(context)
  const repo = repoArgument(context.args[0])
  const number = numberArgument(context.args[1], 'build')
  const [, , stageText, stepText] = context.args
  if (stageText === undefined) return wholeBuild(context, server, repo, number)
  if (stepText === undefined)
    throw usageError('the step is missing', 'give stage and step, or neither')
  const build = await getBuild(server, repo, number)
  const stage = pick(build.stages ?? [], stageText, 'stage')
  const step = pick(stage.steps ?? [], stepText, 'step')
  const log = { repo, build: number, stage: stage.number, step: step.number }
  if (context.json) return jsonLog(context.io, server, log)
  await printLog(context, server, log)
  if (!context.has('follow')) return ExitCode.ok
  return exitCodeOfStep(await getBuild(server, repo, number), log)
}

async function wholeBuild(
  context: CommandContext,
  server: ServerAddress,
  repo: LogAddress['repo'],
  number: number,
): Promise<ExitCode> {
  if (context.json)
    throw usageError('--json needs a stage and a step', '`build show --json` has the states')
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
function pick<T extends ApiStage | ApiStep>(things: readonly T[], text: string, what: string): T {
  const found =
    things.find(({ name }) => name === text) ?? things.find(({ number }) => String(number) === text)
  if (found !== undefined) return found
  const names = things.map(({ number, name }) => `${number} ${name}`).join(', ')
  throw usageError(`no ${what} \`${text}\` in this build`, `there are: ${names || 'none yet'}`)
}

async function jsonLog(io: CliIo, server: ServerAddress, log: LogAddress): Promise<ExitCode> {
  const response = await send(server, logPath(log), { headers: { accept: 'application/x-ndjson' } })
  const lines = (await response.text()).split('\n').filter((line) => line !== '')
  printJson(
    io,
    lines.map((line) => JSON.parse(line) as unknown),
  )
  return ExitCode.ok
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
    await followLog(server, log, { signal: io.stop, onText })
    return
  }
  const response = await send(server, logPath(log), { headers: { accept: 'text/plain' } })
  onText(await response.text())
}

function exitCodeOfStep(build: ApiBuild, log: LogAddress): ExitCode {
  const stage = build.stages?.find(({ number }) => number === log.stage)
  const step = stage?.steps?.find(({ number }) => number === log.step)
  return step !== undefined && isFailure(step.status) ? ExitCode.failed : ExitCode.ok
}
