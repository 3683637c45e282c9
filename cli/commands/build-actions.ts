import type { Command } from 'commander'
import { isTerminal } from '../../protocol/status.js'
import { buildPath, repoPath, type ApiBuild, type RepoName } from '../client/api.js'
import { sendJson } from '../client/http.js'
import { addCommand, type CommandContext, type CommandOption, type Finish } from '../command.js'
import { usageError } from '../errors.js'
import { printJson, printLine, type CliIo } from '../io.js'
import { stripTerminalText } from '../terminal/sanitize.js'
import { numberArgument, repoArgument, serverOf } from './arguments.js'

const SCOPE = 'client'
const PARAM: CommandOption = [
  '--param <name=value>',
  'variable of its steps; again for more',
  'repeated',
]

/** The commands of `sandpiper build` that make builds, or let them run. */
export function addBuildActions(build: Command, io: CliIo, finish: Finish): void {
  addCommand(build, io, finish, {
    syntax: 'create <owner/name>',
    summary: 'build a branch, a tag or a commit',
    scope: SCOPE,
    options: [
      ['--branch <name>', "the branch; default: the repo's"],
      ['--tag <name>', 'a tag, in place of a branch'],
      ['--commit <id>', 'all digits of a commit on the branch or tag; default: its head'],
      PARAM,
    ],
    examples: [
      'sandpiper build create octo/hello --branch main --param LEVEL=3',
      'sandpiper build create octo/hello --tag v1.2.0',
    ],
    run: create,
  })
  addCommand(build, io, finish, {
    syntax: 'restart <owner/name> <number>',
    summary: 'make a new build of the same event',
    scope: SCOPE,
    options: [
      ['--failed', 'only what failed, and what depends on it'],
      ['--from <stage>', 'only this stage, and what depends on it'],
      PARAM,
    ],
    examples: [
      'sandpiper build restart octo/hello 3',
      'sandpiper build restart octo/hello 3 --failed',
      'sandpiper build restart octo/hello 3 --from test',
    ],
    run: restart,
  })
  for (const [verb, summary] of [
    ['promote', "deploy a build's commit"],
    ['rollback', "go back to a build's commit"],
  ] as const) {
    addCommand(build, io, finish, {
      syntax: `${verb} <owner/name> <number> <target>`,
      summary,
      scope: SCOPE,
      options: [PARAM],
      examples: [`sandpiper build ${verb} octo/hello 3 production`],
      run: (context) => deploy(context, verb),
    })
  }
  for (const [verb, summary] of [
    ['approve', 'let a build run that waits for approval'],
    ['decline', 'end a build that waits for approval'],
  ] as const) {
    addCommand(build, io, finish, {
      syntax: `${verb} <owner/name> <number>`,
      summary,
      scope: SCOPE,
      examples: [`sandpiper build ${verb} octo/hello 3`],
      run: (context) => review(context, verb),
    })
  }
}

async function create(context: CommandContext): Promise<undefined> {
  const repo = repoArgument(context.args[0])
  const given = (['branch', 'tag', 'commit'] as const).flatMap((name) => {
    const value = context.option(name)
    return value === undefined ? [] : [[name, value] as const]
  })
  const body = { ...Object.fromEntries(given), params: paramsOf(context) }
  const request = { method: 'POST', body } as const
  const made = await sendJson(await serverOf(context), `${repoPath(repo)}/builds`, request)
  tellBuild(context, repo, made as ApiBuild, 'made')
}

async function restart(context: CommandContext): Promise<undefined> {
  const { repo, path } = namedBuild(context)
  const from = context.option('from')
  const how = { ...(context.has('failed') ? { failed: 'true' } : {}), ...(from && { from }) }
  const query = new URLSearchParams({ ...paramsOf(context), ...how })
  await post(context, repo, `${path}?${query.toString()}`, 'restarted as')
}

async function deploy(context: CommandContext, verb: 'promote' | 'rollback'): Promise<undefined> {
  const { repo, path } = namedBuild(context)
  const query = new URLSearchParams({ ...paramsOf(context), target: context.args[2] ?? '' })
  const done = verb === 'promote' ? 'promoted as' : 'rolled back as'
  await post(context, repo, `${path}/${verb}?${query.toString()}`, done)
}

async function review(context: CommandContext, verb: 'approve' | 'decline'): Promise<undefined> {
  const { repo, path } = namedBuild(context)
  await post(context, repo, `${path}/${verb}`, verb === 'approve' ? 'approved' : 'declined')
}

async function post(
  context: CommandContext,
  repo: RepoName,
  path: string,
  done: string,
): Promise<void> {
  const made = await sendJson(await serverOf(context), path, { method: 'POST' })
  tellBuild(context, repo, made as ApiBuild, done)
}

/** Says what became of a build, and how to follow one that goes on. */
export function tellBuild(
  { io, json }: CommandContext,
  repo: RepoName,
  build: ApiBuild,
  done: string,
): void {
  if (json) {
    printJson(io, build)
    return
  }
  const slug = stripTerminalText(`${repo.owner}/${repo.name}`)
  printLine(io, `${done} ${slug} #${build.number}`)
  if (isTerminal(build.status)) return
  printLine(io, `follow it: sandpiper build logs ${slug} ${build.number} --follow`)
}

function paramsOf(context: CommandContext): Record<string, string> {
  return Object.fromEntries(
    context.list('param').map((text) => {
      const at = text.indexOf('=')
      if (at < 1) throw usageError(`\`${text}\` is no parameter`, 'write it as NAME=VALUE')
      return [text.slice(0, at), text.slice(at + 1)]
    }),
  )
}

function namedBuild({ args }: CommandContext): { readonly repo: RepoName; readonly path: string } {
  const repo = repoArgument(args[0])
  return { repo, path: buildPath(repo, numberArgument(args[1], 'build')) }
}
