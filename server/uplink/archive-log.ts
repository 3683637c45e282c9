import type { LogRecord } from '../../protocol/log-record.js'
import { decodeLogRecord, encodeLogRecord } from '../../protocol/log-record.js'
import type { LogRef, LogStore } from '../logs/log-store.js'

/** Filler is written in records of about this many bytes. */
const FILLER_BYTES = 16 * 1024

/**
 * Appends a chunk to the archive. Chunks come in order, so a gap before one means that the archive
 * itself lost what it had, which its runner was told is safe and has forgotten. The gap is filled
 * with records that say so: offsets stay true, the log goes on, and at the step's end the checksum
 * tells that it is not whole.
 * @returns the number of bytes that were lost; 0 when all is well
 */
export async function archiveLog(
  store: LogStore,
  ref: LogRef,
  offset: number,
  data: Buffer,
): Promise<number> {
  const length = await store.append(ref, offset, data)
  if (length >= offset) return 0
  await fill(store, ref, { from: length, to: offset, pos: firstPosOf(data) - 1 })
  await store.append(ref, offset, data)
  return offset - length
}

async function fill(
  store: LogStore,
  ref: LogRef,
  gap: { readonly from: number; readonly to: number; readonly pos: number },
): Promise<void> {
  const lost = gap.to - gap.from
  let out = `[the server lost ${lost} bytes of this log here]\n`
  let from = gap.from
  while (from < gap.to) {
    const left = gap.to - from
    // What would be left behind this record must be long enough for one of its own.
    const bytes = left > 2 * FILLER_BYTES ? FILLER_BYTES : left
    from = await store.append(
      ref,
      from,
      fillerOf(bytes, { pos: Math.max(0, gap.pos), out, time: 0 }),
    )
    out = ''
  }
}

/** One NDJSON line of exactly that many bytes: JSON may have blanks behind it (RFC 8259, section 2). */
function fillerOf(bytes: number, record: LogRecord): Buffer {
  const line = encodeLogRecord(record).trimEnd()
  const short = encodeLogRecord({ ...record, out: '' }).trimEnd()
  const text = [line, short, ''].find((candidate) => Buffer.byteLength(candidate) < bytes) ?? ''
  return Buffer.from(`${text.padEnd(bytes - 1)}\n`)
}

function firstPosOf(data: Buffer): number {
  try {
    const end = data.indexOf('\n')
    return decodeLogRecord(data.subarray(0, end === -1 ? undefined : end).toString()).pos
  } catch {
    return 0
  }
}

/** The archived length and checksum of a log. */
export interface ArchivedLog {
  readonly bytes: number
  readonly sha256: string
}

/** What is wrong with the archive of a log; empty when it is what the runner sent. */
export function archiveProblem(archived: ArchivedLog, sent: ArchivedLog): string {
  if (archived.bytes !== sent.bytes) {
    return `the log is damaged: ${archived.bytes} bytes are archived, the runner sent ${sent.bytes}`
  }
  if (archived.sha256 !== sent.sha256) {
    return `the log is damaged: its checksum is ${archived.sha256}, the runner's ${sent.sha256}`
  }
  return ''
}
