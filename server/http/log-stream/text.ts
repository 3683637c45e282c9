import type { LogStream } from '../../../protocol/log-record.js'
import { withoutAnsi } from '../../logs/ansi.js'
import { recordOf } from './encode.js'
import type { LogPiece } from './piece.js'

/** How a log is written as text. */
export interface TextStyle {
  /** Whether the control sequences of terminals stay. */
  readonly ansi: boolean
  /** Unix milliseconds of the step's start, when each line is to begin with its time; null else. */
  readonly timesFrom: number | null
  /** Only what the step wrote there; absent: all. */
  readonly stream?: LogStream | undefined
}

/** A log's text, piece by piece. */
export async function* textOf(
  pieces: AsyncIterable<LogPiece>,
  { ansi, timesFrom, stream: wanted }: TextStyle,
): AsyncGenerator<Buffer, void> {
  let isMidLine = false
  for await (const piece of pieces) {
    if (piece.kind !== 'lines') continue
    let text = ''
    for (const [index, line] of piece.lines.entries()) {
      const { out, time, stream } = recordOf(line, piece.first + index)
      if (wanted !== undefined && (stream ?? 'stdout') !== wanted) continue
      if (timesFrom !== null && !isMidLine) text += `${timeText(timesFrom + time)} `
      text += ansi ? out : withoutAnsi(out)
      isMidLine = !out.endsWith('\n')
    }
    yield Buffer.from(text)
  }
}

/** A damaged record may claim any time; dates end somewhere. */
function timeText(ms: number): string {
  return new Date(Math.min(Math.max(0, ms), MOST_MS)).toISOString()
}

/** The end of the year 9999. */
const MOST_MS = 253_402_300_799_999
