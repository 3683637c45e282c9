import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../protocol/errors.js'
import { CliError } from '../errors.js'
import { ExitCode } from '../exit-code.js'

/** Where the server is and what opens its API. */
export interface ServerAddress {
  /** Without a slash at its end. */
  readonly url: string
  readonly token: string
  /** Where the token was found, for messages. */
  readonly tokenFrom?: string
}

export interface ServerHints {
  readonly server?: string | undefined
  readonly token?: string | undefined
  /** Where the token comes from; default: SANDPIPER_TOKEN. */
  readonly tokenFrom?: string
  /** Data directory of a local standalone, which keeps `address` and `admin-token`. */
  readonly data: string
  /** Whether this user finds the data directory of a server that root started. Default true. */
  readonly isRoot?: boolean
}

/** File names in a data directory; the standalone writes them, clients read them. */
export const ADDRESS_FILE = 'address'
export const TOKEN_FILE = 'admin-token'

/**
 * What was asked for, else the local standalone's. The local token is never sent to a server that was
 * named: it would hand the key of this machine to whoever answers there.
 * @throws CliError SP_CLI_NO_SERVER, SP_CLI_NO_TOKEN
 */
export async function findServer(hints: ServerHints): Promise<ServerAddress> {
  const noServer = hints.isRoot === false ? { ...NO_SERVER, hint: USER_HINT } : NO_SERVER
  const url = hints.server ?? (await readHint(hints.data, ADDRESS_FILE, noServer))
  const { token, tokenFrom = 'SANDPIPER_TOKEN' } = hints
  if (token !== undefined) return { url, token, tokenFrom }
  if (hints.server !== undefined && !(await isLocalServer(hints))) {
    throw new CliError(ExitCode.host, 'SP_CLI_NO_TOKEN', `no token for ${hints.server}`, {
      hint: 'set SANDPIPER_TOKEN or --token',
    })
  }
  const local = await readHint(hints.data, TOKEN_FILE, NO_TOKEN)
  return { url, token: local, tokenFrom: join(hints.data, TOKEN_FILE) }
}

interface Missing {
  readonly code: string
  readonly what: string
  readonly hint: string
}

const NO_SERVER: Missing = {
  code: 'SP_CLI_NO_SERVER',
  what: 'no Sandpiper server found',
  hint: 'start one with `sandpiper standalone`, or set SANDPIPER_SERVER and SANDPIPER_TOKEN (or --server, --token, --data)',
}

/** The data directory that was looked in is this user's own. */
const USER_HINT =
  'start one with `sandpiper standalone`; for one that root started, use sudo, or set SANDPIPER_SERVER and SANDPIPER_TOKEN'

const NO_TOKEN: Missing = {
  code: 'SP_CLI_NO_TOKEN',
  what: 'no token for the local Sandpiper',
  hint: 'run as the user that started it, or set SANDPIPER_TOKEN or --token',
}

async function readHint(data: string, name: string, missing: Missing): Promise<string> {
  const file = join(data, name)
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    throw new CliError(ExitCode.host, missing.code, `${missing.what}: ${messageOf(error)}`, {
      hint: missing.hint,
      cause: error,
    })
  }
}

async function isLocalServer(hints: ServerHints): Promise<boolean> {
  const local = await readFile(join(hints.data, ADDRESS_FILE), 'utf8').catch(() => '')
  return local.trim() !== '' && local.trim() === hints.server
}
