import { repoPath, type ApiRepo } from '../client/api.js'
import { sendJson } from '../client/http.js'
import type { CommandContext, CommandDefinition } from '../command.js'
import { printJson, printLine, type CliIo } from '../io.js'
import { stripTerminalText } from '../terminal/sanitize.js'
import { repoArgument, serverOf } from './arguments.js'

/** How a repo's webhook stands at its forge, as the API tells it. */
export interface HookOutcome {
  readonly set: boolean
  readonly reason: string
}

/** `sandpiper repo enable` */
export const repoEnable: CommandDefinition = {
  syntax: 'enable <owner/name>',
  summary: 'build a repo again, and set its webhook at its forge',
  scope: 'client',
  examples: ['sandpiper repo enable octo/hello'],
  run: (context) => switchRepo(context, 'POST', 'enabled'),
}

/** `sandpiper repo disable` */
export const repoDisable: CommandDefinition = {
  syntax: 'disable <owner/name>',
  summary: 'build a repo no more, and remove its webhook at its forge; builds and logs stay',
  scope: 'client',
  examples: ['sandpiper repo disable octo/hello'],
  run: (context) => switchRepo(context, 'DELETE', 'disabled'),
}

async function switchRepo(
  context: CommandContext,
  method: 'POST' | 'DELETE',
  done: string,
): Promise<undefined> {
  const path = repoPath(repoArgument(context.args[0]))
  const repo = await sendJson(await serverOf(context), path, { method })
  if (context.json) {
    printJson(context.io, repo)
    return
  }
  const { slug, hook } = repo as ApiRepo & { readonly hook?: HookOutcome }
  printLine(context.io, stripTerminalText(`${done} ${slug}`))
  tellHook(context.io, hook)
}

/** Says that the forge sends its events, or what stands in the way of what was wanted. */
export function tellHook(io: CliIo, hook: HookOutcome | undefined): void {
  if (hook === undefined) return
  const { set, reason } = hook
  if (reason !== '') io.stderr.write(stripTerminalText(`warning: webhook: ${reason}`) + '\n')
  else
    printLine(io, `webhook:                   ${set ? 'set at its forge' : 'not set at its forge'}`)
}
