import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { messageOf } from '../../protocol/errors.js'
import { repoPath, type ApiRepo } from '../client/api.js'
import { sendJson } from '../client/http.js'
import type { CommandContext, CommandDefinition } from '../command.js'
import { usageError } from '../errors.js'
import { printJson, printLine } from '../io.js'
import { stripTerminalText } from '../terminal/sanitize.js'
import { repoArgument, serverOf } from './arguments.js'

const KINDS = {
  visibility: 'text',
  protected: 'switch',
  require_approval: 'text',
  ignore_forks: 'switch',
  ignore_pull_requests: 'switch',
  auto_cancel_pushes: 'switch',
  auto_cancel_pull_requests: 'switch',
  auto_cancel_running: 'switch',
  default_branch: 'text',
  link: 'text',
  timeout: 'number',
  throttle: 'number',
  counter: 'number',
  keep_days: 'number',
  keep_builds: 'number',
  keep_bytes: 'number',
  network_allow: 'list',
  forge: 'text',
  forge_token: 'file',
} as const

/** `sandpiper repo set` */
export const repoSet: CommandDefinition = {
  syntax: 'set <owner/name> <key=value...>',
  summary: 'change settings of a repo: timeout, protected, network_allow and others',
  scope: 'client',
  examples: [
    'sandpiper repo set octo/hello timeout=90 protected=true',
    'sandpiper repo set octo/hello network_allow=git.example.org,10.0.0.0/8',
    'sandpiper repo set octo/hello network_allow= forge_token=@token.txt',
  ],
  run: set,
}

async function set(context: CommandContext): Promise<undefined> {
  const path = repoPath(repoArgument(context.args[0]))
  const body: Record<string, unknown> = {}
  for (const setting of context.rest) {
    const [key, value] = await readSetting(setting, context.io.cwd)
    body[key] = value
  }
  const repo = await sendJson(await serverOf(context), path, { method: 'PATCH', body })
  if (context.json) printJson(context.io, repo)
  else printLine(context.io, stripTerminalText(`changed ${(repo as ApiRepo).slug}`))
}

async function readSetting(text: string, cwd: string): Promise<readonly [string, unknown]> {
  const [, key = '', value = ''] = /^([a-z_]+)=(.*)$/s.exec(text) ?? []
  if (!Object.hasOwn(KINDS, key)) {
    const names = Object.keys(KINDS).join(', ')
    throw usageError(
      `\`${text.split('=', 1)[0] ?? ''}\` is no setting`,
      `give key=value with one of ${names}`,
    )
  }
  return [key, await readValue(key as keyof typeof KINDS, value, cwd)]
}

/** What is out of range, or no name that the server knows, the server refuses. */
async function readValue(key: keyof typeof KINDS, value: string, cwd: string): Promise<unknown> {
  switch (KINDS[key]) {
    case 'switch':
      if (value === 'true' || value === 'false') return value === 'true'
      throw usageError(`${key} is a switch, not \`${value}\``, 'it is `true` or `false`')
    case 'number':
      if (/^-?\d{1,16}$/.test(value)) return Number(value)
      throw usageError(`${key} is a number, not \`${value}\``, 'give it in digits')
    case 'list':
      return value === 'all'
        ? null
        : value
            .split(',')
            .map((part) => part.trim())
            .filter(Boolean)
    case 'file':
      return readSecret(key, value, cwd)
    default:
      return value
  }
}

/** Reads what `@FILE` names: whoever lists the processes of a machine sees their arguments. */
export async function readSecret(key: string, value: string, cwd: string): Promise<string | null> {
  if (value === '') return null
  if (!value.startsWith('@')) {
    throw usageError(`${key} is a secret`, `put it in a file and give ${key}=@FILE`)
  }
  const path = resolve(cwd, value.slice(1))
  return readFile(path, 'utf8').then(
    (text) => text.trim(),
    (error: unknown) => {
      throw usageError(`read ${path}: ${messageOf(error)}`, `${key}=@FILE names a file`)
    },
  )
}
