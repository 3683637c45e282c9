import { repoPath } from '../client/api.js'
import { sendJson } from '../client/http.js'
import type { CommandContext, CommandDefinition } from '../command.js'
import { usageError } from '../errors.js'
import { printJson, printLine } from '../io.js'
import { stripTerminalText } from '../terminal/sanitize.js'
import { formatTable } from '../terminal/table.js'
import { repoArgument, serverOf } from './arguments.js'
import { timeOf } from './describe-build.js'

/** `sandpiper repo deliveries` */
export const repoDeliveries: CommandDefinition = {
  syntax: 'deliveries <owner/name>',
  summary: 'list the webhooks that came for a repo, and what became of them',
  scope: 'client',
  options: [['--limit <number>', 'how many, 1 to 100; default: 25']],
  examples: ['sandpiper repo deliveries octo/hello'],
  run: list,
}

/** `sandpiper repo redeliver` */
export const repoRedeliver: CommandDefinition = {
  syntax: 'redeliver <owner/name> <delivery>',
  summary: 'read a webhook once more and make what it should have made',
  scope: 'client',
  examples: ['sandpiper repo redeliver octo/hello 17'],
  run: redeliver,
}

interface ApiDelivery {
  readonly id: number
  readonly received_ms: number
  readonly forge: string
  readonly event: string
  readonly outcome: string
  readonly reason: string
  readonly builds: readonly number[]
}

async function list(context: CommandContext): Promise<undefined> {
  const { io } = context
  const limit = context.option('limit') ?? '25'
  const path = `${repoPath(repoArgument(context.args[0]))}/deliveries`
  const found = await sendJson(
    await serverOf(context),
    `${path}?limit=${encodeURIComponent(limit)}`,
  )
  if (context.json) {
    printJson(io, found)
    return
  }
  const rows = (found as readonly ApiDelivery[]).map((one) => [
    String(one.id),
    timeOf(one.received_ms),
    stripTerminalText(one.forge),
    stripTerminalText(one.event),
    stripTerminalText(one.outcome),
    one.builds.length > 0
      ? one.builds.map((number) => `#${number}`).join(' ')
      : stripTerminalText(one.reason),
  ])
  if (rows.length === 0) printLine(io, 'no webhook has come yet')
  else printLine(io, formatTable(['ID', 'RECEIVED', 'FROM', 'EVENT', 'OUTCOME', 'BUILDS'], rows))
}

async function redeliver(context: CommandContext): Promise<undefined> {
  const { io } = context
  const id = context.args[1] ?? ''
  if (!/^[1-9][0-9]{0,14}$/.test(id)) {
    throw usageError(`'${id}' is no delivery`, "'sandpiper repo deliveries' shows their ids")
  }
  const path = `${repoPath(repoArgument(context.args[0]))}/deliveries/${id}/redeliver`
  const answer = await sendJson(await serverOf(context), path, { method: 'POST' })
  if (context.json) {
    printJson(io, answer)
    return
  }
  const { number, reason, link } = answer as { number?: number; reason: string; link?: string }
  const text = number === undefined ? `no build: ${reason}` : `build ${number}: ${link ?? ''}`
  printLine(io, stripTerminalText(text))
}
