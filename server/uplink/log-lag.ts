import type { LogRecord } from '../../protocol/log-record.js'
import type { LogChunk } from '../../protocol/uplink.js'

/**
 * How long ago the last line of a chunk was printed, in milliseconds, by the clocks of runner and server; null where
 * that is not known, as when the server has not heard yet that the step started.
 * @param started when the step did, Unix milliseconds; 0: not known
 */
export function logLag({ data }: LogChunk, started: number, now: number): number | null {
  if (started === 0) return null
  const end = data.endsWith('\n') ? data.length - 1 : data.length
  const last = data.slice(data.lastIndexOf('\n', end - 1) + 1, end)
  const time = timeOf(last)
  return time === null ? null : now - (started + time)
}

function timeOf(line: string): number | null {
  try {
    const { time } = JSON.parse(line) as Partial<LogRecord>
    return typeof time === 'number' && Number.isFinite(time) ? time : null
  } catch {
    return null
  }
}
