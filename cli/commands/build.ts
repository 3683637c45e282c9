import type { Command } from 'commander'
import { isFailure } from '../../protocol/status.js'
import { buildPath, getBuild, repoPath, type ApiBuild } from '../client/api.js'
import { sendJson } from '../client/http.js'
import { addCommand, addGroup, type CommandContext, type Finish } from '../command.js'
import { ExitCode } from '../exit-code.js'
import { printJson, printLine, type CliIo } from '../io.js'
import { formatDuration } from '../terminal/duration.js'
import { formatTable } from '../terminal/table.js'
import { numberArgument, repoArgument, serverOf } from './arguments.js'
import { runBuildLogs } from './build-logs.js'
import { describeBuild } from './describe-build.js'

const SCOPE = 'client'

/** `sandpiper build ...` */
export function addBuildCommands(program: Command, io: CliIo, finish: Finish): void {
  const build = addGroup(program, 'build', 'the builds of a repo')
  addCommand(build, io, finish, {
    syntax: 'ls <owner/name>',
    summary: 'list builds, newest first',
    scope: SCOPE,
    examples: ['sandpiper build ls octo/hello'],
    run: list,
  })
  addCommand(build, io, finish, {
    syntax: 'show <owner/name> <number>',
    summary: 'show one build with its stages and steps; exit code 1 when it failed',
    scope: SCOPE,
    examples: ['sandpiper build show octo/hello 3'],
    run: show,
  })
  addCommand(build, io, finish, {
    syntax: 'logs <owner/name> <number> [stage] [step]',
    summary: "print a step's log, or with stage and step left out those of the whole build",
    scope: SCOPE,
    options: [['-f, --follow', 'go on until it has ended; exit code 1 when it failed']],
    examples: [
      'sandpiper build logs octo/hello 3 default test',
      'sandpiper build logs octo/hello 3 --follow',
    ],
    run: runBuildLogs,
  })
  for (const definition of CHANGES) {
    addCommand(build, io, finish, {
      ...definition,
      scope: SCOPE,
      run: (context) => change(context, definition.method, definition.done),
    })
  }
}

/** Paths and methods are Drone's: POST makes a new build of the same event, DELETE ends the build. */
const CHANGES = [
  {
    syntax: 'cancel <owner/name> <number>',
    summary: 'end a build that waits or runs',
    method: 'DELETE',
    done: 'cancelled',
    examples: ['sandpiper build cancel octo/hello 3'],
  },
  {
    syntax: 'restart <owner/name> <number>',
    summary: 'make a new build of the same event',
    method: 'POST',
    done: 'restarted as',
    examples: ['sandpiper build restart octo/hello 3'],
  },
] as const

async function list(context: CommandContext): Promise<undefined> {
  const repo = repoArgument(context.args[0])
  const path = `${repoPath(repo)}/builds`
  const builds = (await sendJson(await serverOf(context), path)) as readonly ApiBuild[]
  if (context.json) {
    printJson(context.io, builds)
    return
  }
  const header = ['BUILD', 'STATUS', 'EVENT', 'REF', 'COMMIT', 'TIME', 'MESSAGE']
  printLine(context.io, formatTable(header, builds.map(row)))
}

function row(build: ApiBuild): string[] {
  const took = build.finished_ms > 0 ? formatDuration(build.finished_ms - build.started_ms) : ''
  const title = (build.message.split('\n')[0] ?? '').slice(0, 60)
  const { number, status, event, ref, after } = build
  return [`#${number}`, status, event, ref, after.slice(0, 10), took, title]
}

async function show(context: CommandContext): Promise<ExitCode> {
  const repo = repoArgument(context.args[0])
  const number = numberArgument(context.args[1], 'build')
  const build = await getBuild(await serverOf(context), repo, number)
  if (context.json) printJson(context.io, build)
  else printLine(context.io, describeBuild(repo, build, context.io.colours))
  return isFailure(build.status) ? ExitCode.failed : ExitCode.ok
}

async function change(
  context: CommandContext,
  method: 'POST' | 'DELETE',
  done: string,
): Promise<undefined> {
  const repo = repoArgument(context.args[0])
  const number = numberArgument(context.args[1], 'build')
  const path = buildPath(repo, number)
  const answer = (await sendJson(await serverOf(context), path, { method })) as ApiBuild | null
  if (context.json) printJson(context.io, answer ?? { number })
  else printLine(context.io, `${done} ${repo.owner}/${repo.name} #${answer?.number ?? number}`)
}
