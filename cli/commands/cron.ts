import type { Command } from 'commander'
import { repoPath, type ApiBuild, type RepoName } from '../client/api.js'
import { sendJson } from '../client/http.js'
import { addCommand, addGroup, type CommandContext, type Finish } from '../command.js'
import { printJson, printLine, type CliIo } from '../io.js'
import { formatTable } from '../terminal/table.js'
import { repoArgument, serverOf } from './arguments.js'
import { tellBuild } from './build-actions.js'
import { timeOf } from './describe-build.js'

const SCOPE = 'client'

/** `sandpiper cron ...` */
export function addCronCommands(program: Command, io: CliIo, finish: Finish): void {
  const cron = addGroup(program, 'cron', 'builds at fixed times')
  addCommand(cron, io, finish, {
    syntax: 'ls <owner/name>',
    summary: "list a repo's crons",
    scope: SCOPE,
    examples: ['sandpiper cron ls octo/hello'],
    run: list,
  })
  addCommand(cron, io, finish, {
    syntax: 'add <owner/name> <cron> <expression>',
    summary:
      'build a branch at fixed times; the expression is as in crontab(5), or @daily and the like',
    scope: SCOPE,
    options: [
      ['--branch <name>', "the branch; default: the repo's"],
      ['--timezone <name>', 'time zone of the expression, such as Europe/Berlin; default: UTC'],
      ['--target <name>', 'environment to deploy to'],
      ['--disabled', 'make no builds by the clock; `cron run` makes them all the same'],
    ],
    examples: [
      'sandpiper cron add octo/hello nightly @daily',
      "sandpiper cron add octo/hello work '0 7 * * 1-5' --timezone Europe/Berlin",
    ],
    run: add,
  })
  addCommand(cron, io, finish, {
    syntax: 'rm <owner/name> <cron>',
    summary: 'remove a cron; its builds stay',
    scope: SCOPE,
    examples: ['sandpiper cron rm octo/hello nightly'],
    run: remove,
  })
  addCommand(cron, io, finish, {
    syntax: 'run <owner/name> <cron>',
    summary: "make a cron's build now",
    scope: SCOPE,
    examples: ['sandpiper cron run octo/hello nightly'],
    run,
  })
}

interface ApiCron {
  readonly name: string
  readonly expr: string
  readonly timezone: string
  readonly branch: string
  readonly disabled: boolean
  readonly next_ms: number
  readonly last_build: number
}

async function list(context: CommandContext): Promise<undefined> {
  const repo = repoArgument(context.args[0])
  const crons = (await sendJson(await serverOf(context), cronPath(repo))) as readonly ApiCron[]
  if (context.json) {
    printJson(context.io, crons)
    return
  }
  const header = ['CRON', 'EXPRESSION', 'TIME ZONE', 'BRANCH', 'NEXT', 'LAST BUILD']
  printLine(context.io, formatTable(header, crons.map(row)))
}

function row(cron: ApiCron): string[] {
  const { name, expr, timezone, branch } = cron
  const next = cron.disabled ? 'off' : timeOf(cron.next_ms)
  const last = cron.last_build === 0 ? '' : `#${cron.last_build}`
  return [name, expr, timezone === '' ? 'UTC' : timezone, branch, next, last]
}

async function add(context: CommandContext): Promise<undefined> {
  const repo = repoArgument(context.args[0])
  const given = (name: string): Record<string, string> => {
    const value = context.option(name)
    return value === undefined ? {} : { [name]: value }
  }
  const body = {
    ...{ name: context.args[1], expr: context.args[2], disabled: context.has('disabled') },
    ...{ ...given('branch'), ...given('timezone'), ...given('target') },
  }
  const request = { method: 'POST', body } as const
  const made = (await sendJson(await serverOf(context), cronPath(repo), request)) as ApiCron
  if (context.json) printJson(context.io, made)
  else
    printLine(
      context.io,
      `added ${made.name}: ${made.disabled ? 'off' : `next ${timeOf(made.next_ms)}`}`,
    )
}

async function remove(context: CommandContext): Promise<undefined> {
  const { path, name } = namedCron(context)
  await sendJson(await serverOf(context), path, { method: 'DELETE' })
  if (context.json) printJson(context.io, { removed: name })
  else printLine(context.io, `removed ${name}`)
}

async function run(context: CommandContext): Promise<undefined> {
  const { path } = namedCron(context)
  const made = (await sendJson(await serverOf(context), path, { method: 'POST' })) as ApiBuild
  tellBuild(context, repoArgument(context.args[0]), made, 'made')
}

function cronPath(repo: RepoName): string {
  return `${repoPath(repo)}/cron`
}

function namedCron({ args }: CommandContext): { readonly path: string; readonly name: string } {
  const name = args[1] ?? ''
  return { name, path: `${cronPath(repoArgument(args[0]))}/${encodeURIComponent(name)}` }
}
