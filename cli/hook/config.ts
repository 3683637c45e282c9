import { readFile } from 'node:fs/promises'
import { messageOf } from '../../protocol/errors.js'
import { CliError } from '../errors.js'
import { ExitCode } from '../exit-code.js'
import { ownerOf } from './owner.js'

/**
 * What the installed hook has to know; kept in the repository's directory, where only its owner reads it, and
 * the group of one that is shared.
 */
export interface HookConfig {
  /** Address of the server, without a slash at its end. */
  readonly server: string
  /** `owner/name`. */
  readonly repo: string
  readonly secret: string
}

export const HOOK_CONFIG_FILE = 'sandpiper-hook.json'

/** @throws CliError SP_CLI_HOOK_CONFIG when the file can't be read or is none of ours */
export async function readHookConfig(file: string): Promise<HookConfig> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'))
    if (isHookConfig(value)) return value
    throw new Error('it lacks server, repo or secret')
  } catch (error) {
    throw new CliError(
      ExitCode.host,
      'SP_CLI_HOOK_CONFIG',
      `can't use ${file}: ${messageOf(error)}`,
      {
        hint: await hintFor(file, error),
        cause: error,
      },
    )
  }
}

async function hintFor(file: string, error: unknown): Promise<string> {
  const again = 'write it again with `sandpiper hook install`'
  if ((error as NodeJS.ErrnoException).code !== 'EACCES') return again
  const owner = await ownerOf(file).catch(() => null)
  if (owner === null)
    return `the user who pushes may not enter its directory; ${again} as its owner`
  return `push as ${owner.name}, or set core.sharedRepository to group and ${again} as ${owner.name} or root; no build was made`
}

function isHookConfig(value: unknown): value is HookConfig {
  if (typeof value !== 'object' || value === null) return false
  const { server, repo, secret } = value as Partial<HookConfig>
  return typeof server === 'string' && typeof repo === 'string' && typeof secret === 'string'
}
