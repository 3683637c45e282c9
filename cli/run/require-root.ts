import { CliError } from '../errors.js'
import { ExitCode } from '../exit-code.js'
import type { CliIo } from '../io.js'

/**
 * Makes sure that the process is root: of the host, or of a user namespace, where it begins anew when it
 * is not there yet.
 * @throws CliError SP_CLI_NOT_ROOT when an ordinary user can't be made that
 */
export async function requireRoot(io: CliIo, command: string): Promise<void> {
  const lack = await io.becomeRoot()
  if (lack === null) return
  const message = `${command} makes sandboxes, and user id ${io.uid} can't: ${lack}`
  throw new CliError(ExitCode.host, 'SP_CLI_NOT_ROOT', message, {
    hint: '`sandpiper doctor` tells what an ordinary user needs; or run it with sudo',
  })
}
