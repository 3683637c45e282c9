import type { RepoName } from '../client/api.js'
import { findServer, type ServerAddress } from '../client/find-server.js'
import type { CommandContext } from '../command.js'
import { dataDirOf } from '../data-dir.js'
import { usageError } from '../errors.js'

/** Reads `owner/name`. */
export function repoArgument(text: string | undefined): RepoName {
  const match = /^([^/\s]+)\/([^/\s]+)$/.exec(text ?? '')
  const [, owner, name] = match ?? []
  if (owner === undefined || name === undefined) {
    throw usageError(
      `\`${text ?? ''}\` is no repo`,
      'write it as OWNER/NAME, for example octo/hello',
    )
  }
  return { owner, name }
}

/** Reads a number from 1 on. */
export function numberArgument(text: string | undefined, what: string): number {
  const value = /^\d{1,9}$/.test(text ?? '') ? Number(text) : 0
  if (value < 1) throw usageError(`\`${text ?? ''}\` is no ${what} number`, 'numbers start at 1')
  return value
}

/** Reads the number of a build; `latest` is one too. */
export function buildArgument(text: string | undefined): number | 'latest' {
  return text === 'latest' ? text : numberArgument(text, 'build')
}

/** The server that a client command talks to. */
export function serverOf(context: CommandContext): Promise<ServerAddress> {
  const { server, token, data } = context.settings
  return findServer({
    ...{ server, token, data: dataDirOf(context.io, context.settings) },
    tokenFrom: context.option('token') === undefined ? 'SANDPIPER_TOKEN' : '--token',
    isRoot: context.io.uid === 0 || data !== undefined,
  })
}
