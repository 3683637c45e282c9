import type { Command } from 'commander'
import { sendJson } from '../client/http.js'
import { addCommand, addGroup, type CommandContext, type Finish } from '../command.js'
import { usageError } from '../errors.js'
import { printJson, printLine, type CliIo } from '../io.js'
import { stripTerminalText } from '../terminal/sanitize.js'
import { formatTable } from '../terminal/table.js'
import { serverOf } from './arguments.js'
import { listAll, placePath, put, readValue, valueOption } from './secret-place.js'

/** `sandpiper secret ...` */
export function addSecretCommands(program: Command, io: CliIo, finish: Finish): void {
  const secret = addGroup(program, 'secret', 'what steps are given in secret, and its keys')
  const scope = 'client'
  addCommand(secret, io, finish, {
    syntax: 'ls <owner/name>',
    summary: 'list the secrets of a repo, or of all repos of an owner; never their values',
    scope,
    examples: ['sandpiper secret ls octo/hello', 'sandpiper secret ls octo --json'],
    run: list,
  })
  addCommand(secret, io, finish, {
    syntax: 'set <owner/name> <secret>',
    summary: 'keep a secret for a repo, or for all repos of an owner, or change one',
    scope,
    options: [
      valueOption('value-file', 'value'),
      ['--keep-value', 'change the rules only'],
      ['--event <event>', 'give it to builds of this event only; repeat it', 'repeated'],
      ['--image <image>', 'give it to plugins of this image only; repeat it', 'repeated'],
      ['--branch <glob>', 'give it to builds of this branch only; repeat it', 'repeated'],
      ['--pull-request', "give it to builds of the repo's own pull requests; forks get none ever"],
    ],
    examples: [
      'pass show deploy | sandpiper secret set octo/hello deploy_key --branch main',
      'sandpiper secret set octo docker_password --value-file password.txt --image plugins/docker',
    ],
    run: set,
  })
  addCommand(secret, io, finish, {
    syntax: 'rm <owner/name> <secret>',
    summary: 'forget a secret',
    scope,
    examples: ['sandpiper secret rm octo/hello deploy_key'],
    run: remove,
  })
  addCommand(secret, io, finish, {
    syntax: 'rotate-key',
    summary: 'make a new key and put all secrets of the server under it, while it runs',
    scope,
    options: [
      ['--remove-old', 'take old keys that nothing needs any more out of the file'],
      ['--finish', 'only finish what an earlier rotation left'],
    ],
    examples: ['sandpiper secret rotate-key --remove-old'],
    run: rotateKey,
  })
}

interface ApiSecret {
  readonly name: string
  readonly pull_request: boolean
  readonly events: readonly string[]
  readonly images: readonly string[]
  readonly branches: readonly string[]
}

async function list(context: CommandContext): Promise<undefined> {
  const path = placePath(context.args[0], 'secrets')
  const secrets = (await listAll(await serverOf(context), path)) as readonly ApiSecret[]
  if (context.json) {
    printJson(context.io, secrets)
    return
  }
  const any = (list: readonly string[]): string => list.join(', ') || 'any'
  const rows = secrets.map(({ name, events, images, branches, pull_request: isForPulls }) =>
    [name, any(events), isForPulls ? 'yes' : 'no', any(branches), any(images)].map((text) =>
      stripTerminalText(text),
    ),
  )
  const titles = ['SECRET', 'EVENTS', 'PULL REQUESTS', 'BRANCHES', 'IMAGES']
  printLine(context.io, formatTable(titles, rows))
}

async function set(context: CommandContext): Promise<undefined> {
  const path = placePath(context.args[0], 'secrets')
  const name = nameArgument(context)
  const value = context.has('keep-value') ? {} : { data: await readValue(context, 'value-file') }
  const [events, images, branches] = ['event', 'image', 'branch'].map((it) => context.list(it))
  const rules = {
    ...(events?.length ? { events } : {}),
    ...(images?.length ? { images } : {}),
    ...(branches?.length ? { branches } : {}),
    ...(context.has('pull-request') ? { pull_request: true } : {}),
  }
  const kept = await put(
    await serverOf(context),
    path,
    { name, field: 'name' },
    { ...rules, ...value },
  )
  if (context.json) printJson(context.io, kept)
  else printLine(context.io, `kept secret ${stripTerminalText(name)}`)
}

async function remove(context: CommandContext): Promise<undefined> {
  const name = nameArgument(context)
  const path = `${placePath(context.args[0], 'secrets')}/${encodeURIComponent(name)}`
  await sendJson(await serverOf(context), path, { method: 'DELETE' })
  if (context.json) printJson(context.io, { removed: name })
  else printLine(context.io, `removed secret ${stripTerminalText(name)}`)
}

function nameArgument({ args }: CommandContext): string {
  const name = args[1] ?? ''
  if (name.includes('=')) throw usageError('a value is not given on the command line', 'pipe it in')
  return name
}

interface ApiRotation {
  readonly keys: readonly {
    readonly id: string
    readonly current: boolean
    readonly uses: number
  }[]
  readonly rewrapped: number
  readonly unreadable: number
}

/** Time for a server with very many secrets. */
const ROTATION_MS = 10 * 60_000

async function rotateKey(context: CommandContext): Promise<number | undefined> {
  const body = { new_key: !context.has('finish'), remove_old: context.has('remove-old') }
  const request = { method: 'POST', body, timeoutMs: ROTATION_MS } as const
  const answer = await sendJson(await serverOf(context), '/api/keys/rotate', request)
  const { keys, rewrapped, unreadable } = answer as ApiRotation
  if (context.json) printJson(context.io, answer)
  else {
    const rows = keys.map(({ id, current, uses }) => [id, current ? 'yes' : 'no', String(uses)])
    printLine(context.io, formatTable(['KEY', 'CURRENT', 'NEEDED BY'], rows))
    printLine(context.io, `${rewrapped} values were put under the current key`)
  }
  if (unreadable === 0) return undefined
  context.io.stderr.write(`error: ${unreadable} values can't be opened by any key\n`)
  context.io.stderr.write("hint: the server's log says which; set them anew\n")
  return 1
}
