import type { Command } from 'commander'
import { sendJson } from '../client/http.js'
import { addCommand, addGroup, type CommandContext, type Finish } from '../command.js'
import { printJson, printLine, type CliIo } from '../io.js'
import { stripTerminalText } from '../terminal/sanitize.js'
import { formatTable } from '../terminal/table.js'
import { serverOf } from './arguments.js'
import { listAll, placePath, put, readValue, valueOption } from './secret-place.js'

/** `sandpiper registry ...` */
export function addRegistryCommands(program: Command, io: CliIo, finish: Finish): void {
  const registry = addGroup(program, 'registry', 'logins that the images of builds are pulled with')
  const scope = 'client'
  addCommand(registry, io, finish, {
    syntax: 'ls <owner/name>',
    summary: 'list the registry logins of a repo, or of all repos of an owner; never passwords',
    scope,
    examples: ['sandpiper registry ls octo/hello'],
    run: list,
  })
  addCommand(registry, io, finish, {
    syntax: 'set <owner/name> <address>',
    summary: 'keep a login for a registry, or change it',
    scope,
    options: [
      ['--username <name>', 'user name; needed for a new one'],
      valueOption('password-file', 'password'),
      ['--forks', 'pull the images of builds of forks with it too'],
    ],
    examples: ['pass show ghcr | sandpiper registry set octo ghcr.io --username ada'],
    run: set,
  })
  addCommand(registry, io, finish, {
    syntax: 'rm <owner/name> <address>',
    summary: 'forget a registry login',
    scope,
    examples: ['sandpiper registry rm octo ghcr.io'],
    run: remove,
  })
}

interface ApiRegistry {
  readonly address: string
  readonly username: string
  readonly forks: boolean
}

async function list(context: CommandContext): Promise<undefined> {
  const path = placePath(context.args[0], 'registries')
  const logins = (await listAll(await serverOf(context), path)) as readonly ApiRegistry[]
  if (context.json) {
    printJson(context.io, logins)
    return
  }
  const rows = logins.map(({ address, username, forks }) =>
    [address, username, forks ? 'yes' : 'no'].map((text) => stripTerminalText(text)),
  )
  printLine(context.io, formatTable(['REGISTRY', 'USER', 'FORKS'], rows))
}

async function set(context: CommandContext): Promise<undefined> {
  const path = placePath(context.args[0], 'registries')
  const address = context.args[1] ?? ''
  const username = context.option('username')
  const fields = {
    password: await readValue(context, 'password-file'),
    ...(username === undefined ? {} : { username }),
    ...(context.has('forks') ? { forks: true } : {}),
  }
  const server = await serverOf(context)
  const kept = await put(server, path, { name: address, field: 'address' }, fields)
  if (context.json) printJson(context.io, kept)
  else printLine(context.io, `kept the login for ${stripTerminalText(address)}`)
}

async function remove(context: CommandContext): Promise<undefined> {
  const address = context.args[1] ?? ''
  const path = `${placePath(context.args[0], 'registries')}/${encodeURIComponent(address)}`
  await sendJson(await serverOf(context), path, { method: 'DELETE' })
  if (context.json) printJson(context.io, { removed: address })
  else printLine(context.io, `removed the login for ${stripTerminalText(address)}`)
}
