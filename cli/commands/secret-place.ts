import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { send, sendJson } from '../client/http.js'
import type { ServerAddress } from '../client/find-server.js'
import type { CommandContext, CommandOption } from '../command.js'
import { CliError, usageError } from '../errors.js'
import { repoArgument } from './arguments.js'
import { repoPath } from '../client/api.js'
import { messageOf } from '../../protocol/errors.js'

/** Characters of a value that are read; the server takes 64 KiB. */
const VALUE_LENGTH_MAX = 1024 * 1024

/** Where secrets, or logins, are in the API: of `OWNER/NAME`, or of all repos of `OWNER`. */
export function placePath(text: string | undefined, what: 'secrets' | 'registries'): string {
  if ((text ?? '').includes('/')) return `${repoPath(repoArgument(text))}/${what}`
  if (text === undefined || text.trim() === '') throw usageError('whose? Give OWNER/NAME or OWNER')
  return `/api/${what}/${encodeURIComponent(text)}`
}

/** Reads all pages of a list. */
export async function listAll(server: ServerAddress, path: string): Promise<readonly unknown[]> {
  const all: unknown[] = []
  for (let next: string | null = path; next !== null;) {
    const response: Response = await send(server, next)
    all.push(...((await response.json()) as unknown[]))
    const link = /<([^>]*)>; *rel="next"/.exec(response.headers.get('link') ?? '')?.[1]
    // Only where on this server it goes on: the rest of the address may be what other people see.
    const url: URL | null = link === undefined ? null : new URL(link, server.url)
    next = url && `${url.pathname}${url.search}`
  }
  return all
}

/** Changes what is there, or adds it. */
export async function put(
  server: ServerAddress,
  path: string,
  key: { readonly name: string; readonly field: 'name' | 'address' },
  fields: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  try {
    const one = `${path}/${encodeURIComponent(key.name)}`
    return await sendJson(server, one, { method: 'PATCH', body: fields })
  } catch (error) {
    const isUnknown = error instanceof CliError && UNKNOWN.includes(error.code)
    if (!isUnknown) throw error
    return sendJson(server, path, { method: 'POST', body: { ...fields, [key.field]: key.name } })
  }
}

const UNKNOWN: readonly string[] = ['SP_SECRET_UNKNOWN', 'SP_REGISTRY_LOGIN_UNKNOWN']

/** The option that a value is read with. */
export function valueOption(name: string, what: string): CommandOption {
  return [`--${name} <file>`, `file with the ${what}; - or without: what comes in on stdin`]
}

/**
 * A value from a file or stdin, never from the command line, which everybody on the machine can read. The end of a
 * single line is not part of it: `echo` makes one.
 */
export async function readValue(context: CommandContext, option: string): Promise<string> {
  const file = context.option(option) ?? '-'
  const text = file === '-' ? await readStdin(context) : await readText(context, file)
  const lines = text.split('\n')
  const value = lines.length === 2 && lines[1] === '' ? text.replace(/\r?\n$/, '') : text
  if (value !== '') return value
  const from = file === '-' ? 'nothing came in on stdin' : `${file} is empty`
  throw usageError(`there is no value: ${from}`, `pipe it in, or name a file with --${option}`)
}

async function readText({ io }: CommandContext, file: string): Promise<string> {
  try {
    return await readFile(resolve(io.cwd, file), 'utf8')
  } catch (error) {
    throw usageError(`the file with the value can't be read: ${messageOf(error)}`)
  }
}

async function readStdin({ io }: CommandContext): Promise<string> {
  if ('isTTY' in io.stdin && io.stdin.isTTY === true) {
    throw usageError('the value is not typed in, for it would be seen', 'pipe it in or name a file')
  }
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of io.stdin as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > VALUE_LENGTH_MAX) throw usageError('the value is more than 1 MiB')
    chunks.push(Buffer.from(chunk))
  }
  return Buffer.concat(chunks).toString('utf8')
}
