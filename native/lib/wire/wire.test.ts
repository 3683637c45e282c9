import { describe, expect, it } from '@jest/globals'
import { decodeReply, type LauncherReply } from './reply.js'
import { PayloadWriter } from './writer.js'

describe('PayloadWriter', () => {
  it('writes numbers little-endian and strings with their length and a NUL', () => {
    const payload = new PayloadWriter()
      .u8(1)
      .u32(2)
      .u64(3n)
      .bool(true)
      .string('ü')
      .string('')
      .finish()
    expect(payload.toString('hex')).toBe(
      ['01', '02000000', '0300000000000000', '01', '03000000c3bc00', '0100000000'].join(''),
    )
  })

  it('writes lists with their count', () => {
    const writer = new PayloadWriter()
    const payload = writer.list([5, 6], (item) => writer.u8(item)).finish()
    expect([...payload]).toEqual([2, 0, 0, 0, 5, 6])
  })

  it('grows for what does not fit', () => {
    const text = 'x'.repeat(1_000_000)
    const payload = new PayloadWriter().u8(7).string(text).u8(9).finish()
    expect(payload.length).toBe(1 + 4 + 1_000_001 + 1)
    expect(payload.at(-1)).toBe(9)
    expect(payload.toString('latin1', 5, 1_000_005)).toBe(text)
  })
})

describe('decodeReply', () => {
  const frame = (type: number, id: number, build: (writer: PayloadWriter) => unknown): Buffer => {
    const writer = new PayloadWriter().u32(type).u32(id)
    build(writer)
    return writer.finish()
  }
  /** Strings in replies have no NUL. */
  const text = (writer: PayloadWriter, value: string): PayloadWriter => {
    writer.u32(Buffer.byteLength(value))
    for (const byte of Buffer.from(value)) writer.u8(byte)
    return writer
  }

  const layers = (writer: PayloadWriter): PayloadWriter =>
    writer.u64(1n).u64(2n).u64(3n).u64(4n).u64(0n).u64(0n).u64(0n).u64(0n)
  const UNKNOWN = 2n ** 64n - 1n
  const readings = (writer: PayloadWriter, files: string[], rx: bigint, tx: bigint) => {
    writer.u32(files.length)
    for (const content of files) text(writer, content)
    return writer.u64(rx).u64(tx)
  }

  it('reads each kind', () => {
    expect(decodeReply(frame(1, 5, () => 0))).toEqual({ kind: 'done', id: 5 })
    expect(decodeReply(frame(3, 6, (w) => w.u32(42)))).toEqual({ kind: 'started', id: 6, pid: 42 })
    const failed = frame(2, 7, (w) => text(text(w.u32(22), 'mount'), '/a'))
    expect(decodeReply(failed)).toEqual({
      kind: 'failed',
      id: 7,
      failure: { errno: 22, syscall: 'mount', path: '/a' },
    })
    const exited = (end: (writer: PayloadWriter) => PayloadWriter) =>
      frame(4, 8, (w) => {
        layers(w.u32(1).u32(256).u64(9n).u64(10n).u64(11n).u64(12n)).u32(1).u32(0)
        return end(readings(w, ['x', ''], 5n, UNKNOWN))
      })
    const failure = { errno: 5, syscall: 'pread', path: 'output file' }
    const outputs: [LauncherReply, unknown][] = [
      [decodeReply(exited((w) => w.u32(0))), null],
      [decodeReply(exited((w) => w.u32(1).u32(3).u8(0).u8(0xff).u8(1))), Buffer.of(0, 0xff, 1)],
      [decodeReply(exited((w) => text(text(w.u32(2).u32(5), 'pread'), 'output file'))), failure],
    ]
    for (const [reply, outputFile] of outputs) {
      expect(reply).toMatchObject({ kind: 'exited', report: { outputFile } })
    }
    expect(outputs[0]?.[0]).toEqual({
      kind: 'exited',
      id: 8,
      report: {
        ...{ waitStatus: 256, wallNs: 9, cpuUs: 10, readBytes: 11, writtenBytes: 12 },
        layer: { bytes: 1, bytesMax: 2, files: 3, filesMax: 4, hasLostWrites: true },
        workspaceLayer: null,
        cgroupFiles: ['x', ''],
        network: { networkRxBytes: 5, networkTxBytes: undefined },
        outputFile: null,
      },
    })
    const cleaned = (removed: number) => decodeReply(frame(5, 9, (w) => text(w.u32(removed), 's7')))
    expect(cleaned(1)).toEqual({ kind: 'cleaned', id: 9, leftCgroup: null })
    expect(cleaned(0)).toEqual({ kind: 'cleaned', id: 9, leftCgroup: 's7' })
  })

  it('reads the end of an exec', () => {
    const ended = decodeReply(frame(6, 10, (w) => w.u32(9)))
    expect(ended).toEqual({ kind: 'ended', id: 10, waitStatus: 9 })
  })

  it('reads the usage of any number of sandboxes', () => {
    const far = 2n ** 40n + 7n
    const one = (w: PayloadWriter, id: number): PayloadWriter => {
      layers(w.u32(id).u64(far).u64(8n).u64(9n)).u64(0n).u64(6n)
      return w.u32(3).u64(far).u64(UNKNOWN).u64(0n)
    }
    const report = (id: number) => ({
      ...{ id, atNs: Number(far), readBytes: 8, writtenBytes: 9 },
      layer: { bytes: 1, bytesMax: 2, files: 3, filesMax: 4 },
      workspaceLayer: null,
      network: { networkRxBytes: 0, networkTxBytes: 6 },
      numbers: [Number(far), undefined, 0],
    })
    const usage = decodeReply(frame(7, 0, (w) => one(one(w, 4), 5)))
    expect(usage).toEqual({ kind: 'usage', id: 0, reports: [report(4), report(5)] })
    expect(decodeReply(frame(7, 0, () => 0))).toEqual({ kind: 'usage', id: 0, reports: [] })
  })

  it('has no wait status when nobody could tell', () => {
    const nothing = (w: PayloadWriter) =>
      readings(
        layers(w.u32(0).u32(0).u64(0n).u64(0n).u64(0n).u64(0n)).u32(0).u32(0),
        [],
        0n,
        0n,
      ).u32(0)
    const reply = decodeReply(frame(4, 8, nothing))
    expect(reply).toMatchObject({ report: { waitStatus: null } })
  })

  it('throws for what is cut off or unknown, at every length', () => {
    const failed = frame(2, 7, (w) => text(text(w.u32(22), 'mount'), '/a'))
    for (let size = 0; size < failed.length; size++) {
      expect(() => decodeReply(failed.subarray(0, size))).toThrow(/outside|out of range|cut off/)
    }
    expect(() => decodeReply(frame(99, 1, () => 0))).toThrow('unknown reply 99')
  })
})
