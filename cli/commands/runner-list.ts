import { sendJson } from '../client/http.js'
import type { CommandContext } from '../command.js'
import { printJson, printLine } from '../io.js'
import { formatDuration } from '../terminal/duration.js'
import { formatTable } from '../terminal/table.js'
import { serverOf } from './arguments.js'

interface ApiRunner {
  readonly machine: string
  readonly online: boolean
  readonly os: string
  readonly arch: string
  readonly labels: Readonly<Record<string, string>>
  readonly capacity: number
  readonly running: number
  readonly version: string
  readonly last_seen_ms: number
}

/** `sandpiper runner ls`: the runners that a server knows. */
export async function listRunners(context: CommandContext): Promise<undefined> {
  const runners = (await sendJson(await serverOf(context), '/api/runners')) as readonly ApiRunner[]
  if (context.json) {
    printJson(context.io, runners)
    return
  }
  const header = ['MACHINE', 'PLATFORM', 'LABELS', 'STAGES', 'VERSION', 'SEEN']
  printLine(context.io, formatTable(header, runners.map(row)))
}

function row(runner: ApiRunner): string[] {
  const { machine, os, arch, labels, running, capacity, version } = runner
  const words = Object.entries(labels).map(([name, value]) => `${name}=${value}`)
  const ago = formatDuration(Math.max(0, Date.now() - runner.last_seen_ms))
  const seen = runner.online ? 'now' : `${ago} ago`
  return [machine, `${os}/${arch}`, words.join(','), `${running} of ${capacity}`, version, seen]
}
