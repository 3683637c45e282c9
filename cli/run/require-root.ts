import { CliError } from '../errors.js'
import { ExitCode } from '../exit-code.js'
import type { CliIo } from '../io.js'

/** @throws CliError SP_CLI_NOT_ROOT: making sandboxes needs root so far */
export function requireRoot(io: CliIo, command: string): void {
  if (io.uid === 0) return
  const message = `${command} makes sandboxes, and that needs root so far; this is uid ${io.uid}`
  throw new CliError(ExitCode.host, 'SP_CLI_NOT_ROOT', message, {
    hint: 'run it with sudo; `sandpiper doctor` shows what else this host lacks',
  })
}
