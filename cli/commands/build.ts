import type { Command } from 'commander'
import { isFailure, isTerminal } from '../../protocol/status.js'
import { buildPath, getBuild, repoPath, type ApiBuild, type RepoName } from '../client/api.js'
import { sendJson } from '../client/http.js'
import { addCommand, addGroup, type CommandContext, type Finish } from '../command.js'
import { usageError } from '../errors.js'
import { ExitCode } from '../exit-code.js'
import { printJson, printLine, type CliIo } from '../io.js'
import { formatTable } from '../terminal/table.js'
import { buildArgument, numberArgument, repoArgument, serverOf } from './arguments.js'
import { addBuildActions } from './build-actions.js'
import { runBuildLogs } from './build-logs.js'
import { describeBuild, titleOf, took } from './describe-build.js'

const SCOPE = 'client'

/** `sandpiper build ...` */
export function addBuildCommands(program: Command, io: CliIo, finish: Finish): void {
  const build = addGroup(program, 'build', 'the builds of a repo')
  addCommand(build, io, finish, {
    syntax: 'ls <owner/name>',
    summary: 'list builds, newest first',
    scope: SCOPE,
    options: [['--limit <builds>', 'so many of them at most, up to 100 (default 25)']],
    examples: ['sandpiper build ls octo/hello', 'sandpiper build ls octo/hello --limit 100'],
    run: list,
  })
  addCommand(build, io, finish, {
    syntax: 'show <owner/name> <number>',
    summary: 'show one build with its stages and steps; exit code 1 when it failed',
    scope: SCOPE,
    examples: ['sandpiper build show octo/hello 3', 'sandpiper build show octo/hello latest'],
    run: show,
  })
  addCommand(build, io, finish, {
    syntax: 'logs <owner/name> <number> [stage] [step]',
    summary: "print a step's log, or with stage and step left out those of the whole build",
    scope: SCOPE,
    options: [
      ['-f, --follow', 'go on until it has ended; exit code 1 when it failed'],
      ['--tail <lines>', "only so many of the last lines of a step's log"],
      ['--stderr', 'only what the step wrote to its standard error'],
      [
        '--search <text>',
        "only the lines of a step's log that have it in them, with their numbers",
      ],
    ],
    examples: [
      'sandpiper build logs octo/hello 3 default test',
      'sandpiper build logs octo/hello 3 --follow',
      'sandpiper build logs octo/hello 3 default test --search error',
    ],
    run: runBuildLogs,
  })
  addCommand(build, io, finish, {
    syntax: 'cancel <owner/name> [number]',
    summary: 'end a build that waits or runs, or all of them',
    scope: SCOPE,
    options: [
      ['--all', 'every build of the repo that has not ended'],
      ['--branch <name>', 'with --all: only those of the branch'],
    ],
    examples: ['sandpiper build cancel octo/hello 3', 'sandpiper build cancel octo/hello --all'],
    run: cancel,
  })
  addBuildActions(build, io, finish)
}

async function list(context: CommandContext): Promise<undefined> {
  const repo = repoArgument(context.args[0])
  const limit = context.option('limit')
  const path = `${repoPath(repo)}/builds${limit === undefined ? '' : `?limit=${limitOf(limit)}`}`
  const builds = (await sendJson(await serverOf(context), path)) as readonly ApiBuild[]
  if (context.json) {
    printJson(context.io, builds)
    return
  }
  const header = ['BUILD', 'STATUS', 'EVENT', 'REF', 'COMMIT', 'TIME', 'MESSAGE']
  printLine(context.io, formatTable(header, builds.map(row)))
}

function limitOf(text: string): number {
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0
  if (limit >= 1 && limit <= 100) return limit
  throw usageError(`--limit must be a number of builds, not \`${text}\``, 'from 1 to 100')
}

function row(build: ApiBuild): string[] {
  const { number, status, event, ref, after } = build
  const time = took(build.started_ms, build.finished_ms).trim()
  return [`#${number}`, status, event, ref, after.slice(0, 10), time, titleOf(build).slice(0, 60)]
}

async function show(context: CommandContext): Promise<ExitCode> {
  const repo = repoArgument(context.args[0])
  const number = buildArgument(context.args[1])
  const build = await getBuild(await serverOf(context), repo, number)
  if (context.json) printJson(context.io, build)
  else printLine(context.io, describeBuild(repo, build, context.io.colours))
  return isFailure(build.status) ? ExitCode.failed : ExitCode.ok
}

/** Paths and methods are Drone's: DELETE ends the build, POST makes a new one of the same event. */
async function cancel(context: CommandContext): Promise<undefined> {
  if (context.has('all')) return cancelAll(context)
  const { repo, number } = namedBuild(context)
  const server = await serverOf(context)
  const before = await getBuild(server, repo, number)
  const after = isTerminal(before.status)
    ? before
    : ((await sendJson(server, buildPath(repo, number), { method: 'DELETE' })) as ApiBuild)
  // It may also have ended by itself just before the server heard of this.
  const ended = isTerminal(before.status) || (isTerminal(after.status) && after.status !== 'killed')
  const name = `${repo.owner}/${repo.name} #${number}`
  if (context.json) printJson(context.io, after)
  else if (!ended) printLine(context.io, `cancelled ${name}`)
  else printLine(context.io, `${name} has ended already (${after.status}): nothing to cancel`)
}

async function cancelAll(context: CommandContext): Promise<undefined> {
  const branch = context.option('branch')
  const query = branch === undefined ? '' : `?branch=${encodeURIComponent(branch)}`
  const path = `${repoPath(repoArgument(context.args[0]))}/builds/cancel${query}`
  const answer = await sendJson(await serverOf(context), path, { method: 'POST' })
  const { cancelled } = answer as { readonly cancelled: number }
  if (context.json) printJson(context.io, answer)
  else printLine(context.io, `cancelled ${cancelled === 1 ? 'one build' : `${cancelled} builds`}`)
}

function namedBuild({ args }: CommandContext): {
  readonly repo: RepoName
  readonly number: number
} {
  return { repo: repoArgument(args[0]), number: numberArgument(args[1], 'build') }
}
