import { setTimeout as delay } from 'node:timers/promises'
import { CliError } from '../errors.js'
import { ExitCode } from '../exit-code.js'
import { buildPath, type RepoName } from './api.js'
import { parseEventStream } from './event-stream.js'
import type { ServerAddress } from './find-server.js'
import { send } from './http.js'

/** Names one step's log. */
export interface LogAddress {
  readonly repo: RepoName
  readonly build: number
  readonly stage: number
  readonly step: number
}

export interface FollowOptions {
  readonly signal: AbortSignal
  /** Gets the text of each record once, in order. */
  readonly onText: (text: string) => void
  /** Tries in a row without anything new before it gives up. Default 20, about half a minute. */
  readonly triesMax?: number
}

const RETRY_DELAY_MS_MAX = 2000

/** Path of a step's log in the API. */
export function logPath(log: LogAddress): string {
  return `${buildPath(log.repo, log.build)}/logs/${log.stage}/${log.step}`
}

/**
 * Follows a step's log from its first line to its end. A connection that breaks is made again and goes on
 * after the last record that was seen, so nothing is lost or told twice.
 * @throws CliError when the server refuses, or can't be reached any more
 */
export async function followLog(
  server: ServerAddress,
  log: LogAddress,
  options: FollowOptions,
): Promise<void> {
  const position = { lastId: '', progress: false }
  for (let tries = 1; ; tries++) {
    try {
      if (await readOnce(server, log, options, position)) return
    } catch (error) {
      options.signal.throwIfAborted()
      if (isRefusal(error) || (!position.progress && tries >= (options.triesMax ?? 20))) throw error
    }
    if (position.progress) tries = 1
    position.progress = false
    await delay(Math.min(100 * tries, RETRY_DELAY_MS_MAX), undefined, { signal: options.signal })
  }
}

interface FollowPosition {
  lastId: string
  /** Whether the newest connection brought anything. */
  progress: boolean
}

/** @returns true when the log's end was reached, false when the connection ended before it */
async function readOnce(
  server: ServerAddress,
  log: LogAddress,
  options: FollowOptions,
  position: FollowPosition,
): Promise<boolean> {
  const resume = position.lastId === '' ? {} : { 'last-event-id': position.lastId }
  const response = await send(server, logPath(log), {
    headers: { accept: 'text/event-stream', ...resume },
    signal: options.signal,
  })
  if (response.body === null) return false
  for await (const event of parseEventStream(response.body)) {
    if (event.event === 'end') return true
    if (event.event === 'restart') options.onText('[the step starts anew]\n')
    if (event.event !== 'message') continue
    position.lastId = event.id
    position.progress = true
    options.onText(recordText(event.data))
  }
  return false
}

/** Asking again would bring the same answer. A server that is away or in trouble may come back. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof CliError)) return false
  return error.exitCode === ExitCode.usage || error.code === 'SP_HTTP_UNAUTHORIZED'
}

/** The `out` of a log record in JSON. */
function recordText(data: string): string {
  const value: unknown = JSON.parse(data)
  const { out } = (typeof value === 'object' && value !== null ? value : {}) as { out?: unknown }
  return typeof out === 'string' ? out : ''
}
