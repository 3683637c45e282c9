import { buildPath, type RepoName } from './api.js'
import { parseEventStream, type ServerSentEvent } from './event-stream.js'
import type { ServerAddress } from './find-server.js'
import { send } from './http.js'
import { Failures, type Patience } from './patience.js'

/** Names one step's log. */
export interface LogAddress {
  readonly repo: RepoName
  readonly build: number
  readonly stage: number
  readonly step: number
}

export interface FollowOptions extends Patience {
  /** Gets the text of each record once, in order, and a line of ours where a new attempt begins. */
  readonly onText: (text: string) => void
}

/** Path of a step's log in the API. */
export function logPath(log: LogAddress): string {
  return `${buildPath(log.repo, log.build)}/logs/${log.stage}/${log.step}`
}

/**
 * Follows a step's log from its first line to its end. A connection that breaks is made again and goes on
 * after the last record that was seen, so nothing is lost or told twice.
 * @throws CliError when the server refuses, SP_CLI_SERVER_LOST when it can't be reached any more; the
 * signal's reason when it is aborted
 */
export async function followLog(
  server: ServerAddress,
  log: LogAddress,
  options: FollowOptions,
): Promise<void> {
  const position: FollowPosition = { lastId: '', midLine: false }
  const failures = new Failures(server, options)
  for (;;) {
    let problem: unknown = new Error('the log ended before its step')
    try {
      for await (const event of readEvents(server, log, options.signal, position.lastId)) {
        failures.reset()
        if (event.event === 'end') return
        show(event, position, options.onText)
      }
    } catch (error) {
      problem = error
    }
    await failures.pause(problem)
  }
}

interface FollowPosition {
  /** Of the last record that was shown. */
  lastId: string
  /** Whether its text had no newline at its end. */
  midLine: boolean
}

/** The events that one connection brings. */
async function* readEvents(
  server: ServerAddress,
  log: LogAddress,
  signal: AbortSignal,
  lastId: string,
): AsyncGenerator<ServerSentEvent> {
  const resume = lastId === '' ? {} : { 'last-event-id': lastId }
  const headers = { accept: 'text/event-stream', ...resume }
  const response = await send(server, logPath(log), { headers, signal })
  if (response.body !== null) yield* parseEventStream(response.body)
}

function show(
  event: ServerSentEvent,
  position: FollowPosition,
  onText: (text: string) => void,
): void {
  const fields = fieldsOf(event.data)
  if (event.event === 'restart') {
    const start = position.midLine ? '\n' : ''
    onText(
      `${start}[sandpiper: the runner was lost; attempt ${String(fields['attempt'])} begins]\n`,
    )
    position.midLine = false
  }
  if (event.event !== 'message') return
  position.lastId = event.id
  const { out } = fields
  if (typeof out !== 'string' || out === '') return
  position.midLine = !out.endsWith('\n')
  onText(out)
}

function fieldsOf(data: string): Record<string, unknown> {
  const value: unknown = JSON.parse(data)
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
