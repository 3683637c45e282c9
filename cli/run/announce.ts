import { join } from 'node:path'
import { TOKEN_FILE } from '../client/find-server.js'
import type { CommandContext } from '../command.js'
import { dataDirOf } from '../data-dir.js'
import { printJson, printLine } from '../io.js'

/** Tells that a long-running command is up, and how to reach it. */
export function announce(
  context: CommandContext,
  started: { readonly what: string; readonly address: string | null },
): void {
  const { io, settings } = context
  const data = dataDirOf(io, settings)
  const token = started.address === null ? null : join(data, TOKEN_FILE)
  if (context.json) {
    printJson(io, { started: started.what, address: started.address, data, token_file: token })
    return
  }
  printLine(io, `Sandpiper ${started.what} is up`)
  if (started.address !== null) printLine(io, `  address     ${started.address}`)
  printLine(io, `  data        ${data}`)
  if (token !== null && settings.adminToken === undefined) printLine(io, `  token file  ${token}`)
  printLine(io, '  Ctrl-C ends it in good order, a second one at once')
}
