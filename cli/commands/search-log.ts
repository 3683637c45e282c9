import type { LogStream } from '../../protocol/log-record.js'
import type { ServerAddress } from '../client/find-server.js'
import { logPath, type LogAddress } from '../client/follow-log.js'
import { send } from '../client/http.js'
import { printJson, type CliIo } from '../io.js'
import { safeLines } from '../terminal/log-lines.js'

/** One line that matches, as the API tells it. */
interface Match {
  readonly line: number
  readonly text: string
}

/** Prints the lines of a log that have a text in them, with their numbers, as they are found. */
export async function searchLog(
  io: CliIo,
  server: ServerAddress,
  log: LogAddress,
  query: {
    readonly text: string
    readonly stream: LogStream | undefined
    readonly json: boolean
  },
): Promise<void> {
  const all: Match[] = []
  for await (const matches of pages(server, log, query)) {
    if (query.json) all.push(...matches)
    else for (const { line, text } of matches) io.stdout.write(`${line}: ${shown(text)}\n`)
  }
  if (query.json) printJson(io, all)
}

async function* pages(
  server: ServerAddress,
  log: LogAddress,
  { text, stream }: { readonly text: string; readonly stream: LogStream | undefined },
): AsyncGenerator<readonly Match[], void> {
  for (let cursor: string | null = '1'; cursor !== null;) {
    const query = new URLSearchParams({ q: text, limit: '500', cursor, ...(stream && { stream }) })
    const response = await send(server, `${logPath(log)}/search?${query.toString()}`)
    const page = (await response.json()) as { matches: readonly Match[]; next: string | null }
    yield page.matches
    cursor = page.next
  }
}

/** What is left of control characters would change the terminal. */
function shown(text: string): string {
  return safeLines(text, false).join(' ')
}
