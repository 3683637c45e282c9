import { dirname, resolve } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import type { Command } from 'commander'
import { repoPath } from '../client/api.js'
import { sendJson } from '../client/http.js'
import { addCommand, addGroup, type CommandContext, type Finish } from '../command.js'
import { usageError } from '../errors.js'
import { ExitCode } from '../exit-code.js'
import { readHookConfig } from '../hook/config.js'
import { parseRefUpdates } from '../hook/git-facts.js'
import { installHook } from '../hook/install.js'
import { sendRefUpdate } from '../hook/send.js'
import { printJson, printLine, type CliIo } from '../io.js'
import { stripTerminalText } from '../terminal/sanitize.js'
import { repoArgument, serverOf } from './arguments.js'

/** Refs of one push that are told about; more than this is a mirror push, not work. */
const REFS_MAX = 50

/** `sandpiper hook ...` */
export function addHookCommands(program: Command, io: CliIo, finish: Finish): void {
  const hook = addGroup(program, 'hook', 'make git repositories tell Sandpiper about pushes')
  addCommand(hook, io, finish, {
    syntax: 'install <repository>',
    summary:
      'write a post-receive hook that sends signed webhooks into a repository on this machine',
    scope: 'client',
    options: [
      ['--repo <owner/name>', 'the repo at the server that pushes belong to (required)'],
      ['--secret <secret>', "the repo's webhook secret; default: asked from the server"],
      ['--force', 'keep a post-receive hook that is there already and run it first'],
    ],
    examples: ['sandpiper hook install /srv/git/hello.git --repo octo/hello'],
    run: install,
  })
  addCommand(hook, io, finish, {
    syntax: 'send',
    summary: 'send a webhook for each pushed ref on stdin; the installed hook calls this',
    scope: 'client',
    // Git gives the hook the pusher's environment: nothing in it may keep a push from being told.
    ignoreEnvironment: true,
    options: [['--config <file>', 'the file that `hook install` wrote (required)']],
    examples: [
      'echo "$before $after refs/heads/main" | sandpiper hook send --config hello.git/sandpiper-hook.json',
    ],
    run: send,
  })
}

async function install(context: CommandContext): Promise<undefined> {
  const { io } = context
  const slug = context.option('repo')
  if (slug === undefined) throw usageError('--repo is missing', 'for example --repo octo/hello')
  const repo = repoArgument(slug)
  const given = context.option('secret')
  const server =
    given !== undefined && context.settings.server ? context.settings.server : undefined
  const address = server === undefined ? await serverOf(context) : { url: server, token: '' }
  const secret = given ?? (await askSecret(address, repo))
  const installed = await installHook({
    repository: resolve(io.cwd, context.args[0] ?? '.'),
    config: { server: address.url, repo: slug, secret },
    node: process.execPath,
    program: io.programPath,
    force: context.has('force'),
  })
  if (context.json) {
    printJson(io, { ...installed, repo: slug, server: address.url })
    return
  }
  printLine(io, `installed ${installed.hook}`)
  if (installed.previous !== null) printLine(io, `it runs ${installed.previous} first`)
  printLine(io, `pushes are told to ${address.url} as ${slug}`)
}

async function askSecret(
  server: Parameters<typeof sendJson>[0],
  repo: ReturnType<typeof repoArgument>,
): Promise<string> {
  const answer = await sendJson(server, `${repoPath(repo)}/hook-secret`)
  const { hook_secret: secret } = (answer ?? {}) as { hook_secret?: unknown }
  if (typeof secret === 'string' && secret !== '') return secret
  throw usageError('the server does not tell the webhook secret', 'give it with --secret')
}

/** Always ends with exit code 0 once its config is read: a push never fails because of us. */
async function send(context: CommandContext): Promise<ExitCode | undefined> {
  const { io } = context
  const file = context.option('config')
  if (file === undefined) throw usageError('--config is missing', 'the installed hook passes it')
  const config = await readHookConfig(resolve(io.cwd, file))
  const updates = parseRefUpdates(await readAll(io.stdin))
  const pusher = io.env['REMOTE_USER'] ?? io.env['GL_USERNAME'] ?? io.env['USER'] ?? ''
  const results = []
  for (const update of updates.slice(0, REFS_MAX)) {
    const gitDir = dirname(resolve(io.cwd, file))
    const result = await sendRefUpdate(update, {
      ...{ config, gitDir, pusher, now: Date.now(), program: io.programPath },
    })
    results.push(result)
    if (context.json) continue
    for (const line of [result.text, ...result.advice]) {
      printLine(io, stripTerminalText(`sandpiper: ${line}`))
    }
  }
  const left = updates.length - results.length
  if (left > 0) io.stderr.write(`sandpiper: ${left} more refs were not told about\n`)
  if (context.json) printJson(io, results)
  return ExitCode.ok
}
