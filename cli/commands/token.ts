import type { Command } from 'commander'
import { sendJson } from '../client/http.js'
import { addCommand, addGroup, type CommandContext, type Finish } from '../command.js'
import { duration } from '../config/values.js'
import { usageError } from '../errors.js'
import { printJson, printLine, type CliIo } from '../io.js'
import { formatTable } from '../terminal/table.js'
import { numberArgument, serverOf } from './arguments.js'

const PATH = '/api/user/tokens'
const SCOPES = ['read', 'write', 'admin']

/** `sandpiper token ...` */
export function addTokenCommands(program: Command, io: CliIo, finish: Finish): void {
  const token = addGroup(program, 'token', 'your access tokens')
  const scope = 'client'
  addCommand(token, io, finish, {
    syntax: 'ls',
    summary: 'list your tokens',
    scope,
    examples: ['sandpiper token ls'],
    run: list,
  })
  addCommand(token, io, finish, {
    syntax: 'create <name>',
    summary: 'make a token; it is shown this once',
    scope,
    options: [
      ['--scope <scope>', 'the most that it may: read, write or admin; default: read'],
      ['--expires <time>', 'how long it is good, such as 90d; default: for ever'],
    ],
    examples: ['sandpiper token create laptop --scope write --expires 90d'],
    run: create,
  })
  addCommand(token, io, finish, {
    syntax: 'revoke <id>',
    summary: 'make a token good for nothing',
    scope,
    examples: ['sandpiper token revoke 3'],
    run: revoke,
  })
}

interface ApiToken {
  readonly id: number
  readonly name: string
  readonly scope: string
  /** Unix seconds; 0: never. */
  readonly expires: number
  readonly last_used: number
}

async function list(context: CommandContext): Promise<undefined> {
  const { io } = context
  const tokens = (await sendJson(await serverOf(context), PATH)) as readonly ApiToken[]
  if (context.json) {
    printJson(io, tokens)
    return
  }
  const rows = tokens.map(({ id, name, scope, expires, last_used: used }) => {
    return [String(id), name, scope, day(expires), day(used)]
  })
  printLine(io, formatTable(['ID', 'NAME', 'SCOPE', 'EXPIRES', 'LAST USED'], rows))
}

async function create(context: CommandContext): Promise<undefined> {
  const scope = context.option('scope') ?? 'read'
  if (!SCOPES.includes(scope)) {
    throw usageError(`\`${scope}\` is no scope`, `use one of ${SCOPES.join(', ')}`)
  }
  const body = { name: context.args[0], scope, expires: expiry(context.option('expires')) }
  const made = await sendJson(await serverOf(context), PATH, { method: 'POST', body })
  if (context.json) printJson(context.io, made)
  else printLine(context.io, (made as { readonly token: string }).token)
}

async function revoke(context: CommandContext): Promise<undefined> {
  const id = numberArgument(context.args[0], 'token')
  await sendJson(await serverOf(context), `${PATH}/${id}`, { method: 'DELETE' })
  if (context.json) printJson(context.io, { revoked: id })
  else printLine(context.io, `revoked token ${id}`)
}

/** Unix seconds; 0: never. */
function expiry(text: string | undefined): number {
  if (text === undefined) return 0
  const parsed = duration.parse(text)
  if ('problem' in parsed) throw usageError(`--expires \`${text}\`: ${parsed.problem}`, 'try 90d')
  return Math.ceil((Date.now() + parsed.value) / 1_000)
}

function day(seconds: number): string {
  return seconds === 0 ? 'never' : new Date(seconds * 1_000).toISOString().slice(0, 10)
}
