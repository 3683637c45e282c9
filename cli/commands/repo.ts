import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { repoPath, type ApiRepo } from '../client/api.js'
import { sendJson } from '../client/http.js'
import { addCommand, addGroup, type CommandContext, type Finish } from '../command.js'
import { usageError } from '../errors.js'
import { printJson, printLine, type CliIo } from '../io.js'
import { stripTerminalText } from '../terminal/sanitize.js'
import { formatTable } from '../terminal/table.js'
import { repoArgument, serverOf } from './arguments.js'
import { repoDisable, repoEnable, tellHook, type HookOutcome } from './repo-switch.js'
import { repoDeliveries, repoRedeliver } from './repo-deliveries.js'
import { readSecret, repoSet } from './repo-set.js'

/** `sandpiper repo ...` */
export function addRepoCommands(program: Command, io: CliIo, finish: Finish): void {
  const repo = addGroup(program, 'repo', 'the repos that a server builds')
  const scope = 'client'
  addCommand(repo, io, finish, {
    syntax: 'add <owner/name>',
    summary: 'make a server build a repo; prints the secret for its webhooks',
    scope,
    options: [
      [
        '--clone-url <url>',
        'where to fetch from: a URL, an scp-like address or an absolute path (required)',
      ],
      ['--secret <secret>', 'webhook secret; default: a random one'],
      ['--branch <name>', 'default branch; default: main'],
      ['--link <url>', "the repo's page at its forge"],
      ['--forge <kind>', 'kind of its forge; default: the one at the host of the clone URL'],
      ['--forge-token <@file>', 'file with a token for its forge, to tell it how builds stand'],
      [
        '--network-allow <list>',
        'all that its steps may reach outside: host,host:port,10.0.0.0/8; "" for nothing',
      ],
    ],
    examples: ['sandpiper repo add octo/hello --clone-url https://git.example.org/octo/hello.git'],
    run: add,
  })
  addCommand(repo, io, finish, {
    syntax: 'ls',
    summary: 'list the repos',
    scope,
    examples: ['sandpiper repo ls --json'],
    run: list,
  })
  addCommand(repo, io, finish, {
    syntax: 'show <owner/name>',
    summary: 'show one repo',
    scope,
    examples: ['sandpiper repo show octo/hello'],
    run: show,
  })
  addCommand(repo, io, finish, repoEnable)
  addCommand(repo, io, finish, repoDisable)
  addCommand(repo, io, finish, repoDeliveries)
  addCommand(repo, io, finish, repoRedeliver)
  addCommand(repo, io, finish, repoSet)
  addCommand(repo, io, finish, {
    syntax: 'rm <owner/name>',
    summary: 'remove a repo with its builds and logs',
    scope,
    examples: ['sandpiper repo rm octo/hello'],
    run: remove,
  })
}

interface AddedRepo {
  readonly hook_secret: string
  readonly hooks: Readonly<Record<string, string>>
  readonly forge?: string
  /** Older servers set none. */
  readonly hook?: HookOutcome
}

async function add(context: CommandContext): Promise<undefined> {
  const { io } = context
  const { owner, name } = repoArgument(context.args[0])
  const cloneUrl = context.option('clone-url')
  if (cloneUrl === undefined)
    throw usageError('--clone-url is missing', 'give the address to fetch from')
  const secret = context.option('secret')
  const branch = context.option('branch')
  const link = context.option('link')
  const forge = context.option('forge')
  const token = context.option('forge-token')
  const allow = context.option('network-allow')
  const body = {
    owner,
    name,
    clone_url: /^\.{0,2}\//.test(cloneUrl) ? resolve(io.cwd, cloneUrl) : cloneUrl,
    ...(secret === undefined ? {} : { secret }),
    ...(branch === undefined ? {} : { default_branch: branch }),
    ...(link === undefined ? {} : { link }),
    ...(forge === undefined ? {} : { forge }),
    ...(token === undefined
      ? {}
      : { forge_token: await readSecret('--forge-token', token, io.cwd) }),
    ...(allow === undefined ? {} : { network_allow: listOf(allow) }),
  }
  const server = await serverOf(context)
  const added = await sendJson(server, '/api/repos', { method: 'POST', body })
  if (context.json) {
    printJson(io, added)
    return
  }
  const { hook_secret: told, hooks, forge: kind, hook } = added as AddedRepo
  printLine(io, `added ${owner}/${name}`)
  for (const [forge, address] of Object.entries(hooks)) {
    printLine(io, stripTerminalText(`webhook, ${`${forge}:`.padEnd(17)} ${address}`))
  }
  printLine(io, `webhook secret:            ${told}`)
  if (kind) tellHook(io, hook)
  const absent = await absentPath(body.clone_url)
  if (absent === null) return
  io.stderr.write(`warning: there is no ${absent} on this machine\n`)
  io.stderr.write('hint: builds fail until the server finds a repository there\n')
}

function listOf(text: string): string[] {
  const parts = text.split(',').map((part) => part.trim())
  return parts.filter((part) => part !== '')
}

/** The path that a clone URL names on this machine, when nothing is there. The server may be elsewhere. */
async function absentPath(cloneUrl: string): Promise<string | null> {
  const path = /^file:\/\/(localhost)?\//i.test(cloneUrl) ? fileURLToPath(cloneUrl) : cloneUrl
  if (!path.startsWith('/')) return null
  return stat(path).then(
    () => null,
    (error: unknown) => ((error as NodeJS.ErrnoException).code === 'ENOENT' ? path : null),
  )
}

async function list(context: CommandContext): Promise<undefined> {
  const repos = (await sendJson(await serverOf(context), '/api/repos')) as readonly ApiRepo[]
  if (context.json) {
    printJson(context.io, repos)
    return
  }
  const rows = repos.map((repo) => [repo.slug, repo.default_branch, repo.clone_url])
  printLine(context.io, formatTable(['REPO', 'BRANCH', 'CLONE URL'], rows))
}

async function show(context: CommandContext): Promise<undefined> {
  const path = repoPath(repoArgument(context.args[0]))
  const repo = await sendJson(await serverOf(context), path)
  if (context.json) {
    printJson(context.io, repo)
    return
  }
  const { hooks, ...fields } = repo as Record<string, unknown>
  const addresses = Object.entries((hooks ?? {}) as Record<string, unknown>)
  const rows = [
    ...Object.entries(fields),
    ...addresses.map(([kind, url]) => [`webhook, ${kind}`, url] as const),
  ]
  const width = Math.max(...rows.map(([key]) => key.length))
  for (const [key, value] of rows) {
    const shown = typeof value === 'string' ? value : JSON.stringify(value)
    printLine(context.io, stripTerminalText(`${key.padEnd(width)}  ${shown}`.trimEnd()))
  }
}

async function remove(context: CommandContext): Promise<undefined> {
  const repo = repoArgument(context.args[0])
  await sendJson(await serverOf(context), `${repoPath(repo)}?remove=true`, { method: 'DELETE' })
  if (context.json) printJson(context.io, { removed: `${repo.owner}/${repo.name}` })
  else printLine(context.io, `removed ${repo.owner}/${repo.name}`)
}
