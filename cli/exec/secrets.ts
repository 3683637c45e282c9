import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { messageOf } from '../../protocol/errors.js'
import type { CommandContext, CommandOption } from '../command.js'
import { usageError } from '../errors.js'

/** The options that give the secrets of a run. */
export const SECRET_OPTIONS: readonly CommandOption[] = [
  ['--secret-file <file>', 'file with a secret on each line, NAME=VALUE; repeat it', 'repeated'],
  [
    '--secret <name=value>',
    'a secret; everybody on this machine can see it in the list of processes; repeat it',
    'repeated',
  ],
]

/**
 * The secrets that the options give, by name: those of `--secret` win over those in files.
 * @throws CliError (exit 2) for what is no NAME=VALUE, with its place and without its text
 */
export async function readSecrets(context: CommandContext): Promise<ReadonlyMap<string, string>> {
  const secrets = new Map<string, string>()
  for (const file of context.list('secretFile')) {
    const text = await readText(path.resolve(context.io.cwd, file))
    for (const [name, value] of parseSecrets(text, file)) secrets.set(name, value)
  }
  for (const pair of context.list('secret')) {
    const equals = pair.indexOf('=')
    if (equals < 1)
      throw usageError('a --secret is not NAME=VALUE', '--secret-file keeps it secret')
    secrets.set(pair.slice(0, equals), pair.slice(equals + 1))
  }
  return secrets
}

/** It may be a pipe of the shell's: `--secret-file <(...)`. */
async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw usageError(`the file with secrets can't be read: ${messageOf(error)}`)
  }
}

/** Lines of a file as Drone's own command takes them: NAME=VALUE, with quotes, and comments after #. */
export function parseSecrets(text: string, file: string): [string, string][] {
  return text.split(/\r?\n/).flatMap((line, index): [string, string][] => {
    if (/^\s*(?:#|$)/.test(line)) return []
    const [, name, rest = ''] = /^\s*(?:export\s+)?([^\s=]+)\s*=\s*(.*)$/.exec(line) ?? []
    if (name === undefined) {
      throw usageError(`${file}:${String(index + 1)}: the line is not NAME=VALUE`)
    }
    return [[name, valueOf(rest.trimEnd())]]
  })
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }

function valueOf(text: string): string {
  const [, double] = /^"((?:[^"\\]|\\.)*)"\s*(?:#.*)?$/.exec(text) ?? []
  if (double !== undefined) {
    return double.replace(/\\(.)/g, (_, char: string) => ESCAPES[char] ?? char)
  }
  const [, single] = /^'([^']*)'\s*(?:#.*)?$/.exec(text) ?? []
  return single ?? text.replace(/\s+#.*$/, '')
}
