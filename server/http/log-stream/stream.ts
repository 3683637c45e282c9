import { Readable } from 'node:stream'
import { ENCODERS, recordOf } from './encode.js'
import type { LogEncoder } from './encode.js'
import type { LogFormat } from './negotiate.js'
import type { LogPiece } from './piece.js'

/** Bytes that may wait for a slow reader before the log is read on. */
const BUFFERED_BYTES_MAX = 64 * 1024

/** A stream of the pieces in a format. It reads on only as fast as its reader takes it. */
export function logStream(pieces: AsyncIterable<LogPiece>, format: LogFormat): Readable {
  const chunks =
    format === 'application/json' ? jsonArray(pieces) : encoded(pieces, ENCODERS[format])
  return Readable.from(chunks, { objectMode: false, highWaterMark: BUFFERED_BYTES_MAX })
}

async function* encoded(
  pieces: AsyncIterable<LogPiece>,
  encode: LogEncoder,
): AsyncGenerator<string | Buffer, void> {
  for await (const piece of pieces) {
    const bytes = encode(piece)
    if (bytes.length > 0) yield bytes
  }
}

/** Drone's array of lines, whose times are in seconds. */
async function* jsonArray(pieces: AsyncIterable<LogPiece>): AsyncGenerator<string, void> {
  let separator = '['
  for await (const piece of pieces) {
    if (piece.kind !== 'lines') continue
    const lines = piece.lines.map((line, index) => {
      const { pos, out, time } = recordOf(line, piece.first + index)
      return JSON.stringify({ pos, out, time: Math.floor(time / 1000) })
    })
    yield separator + lines.join(',')
    separator = ','
  }
  yield separator === '[' ? '[]' : ']'
}
