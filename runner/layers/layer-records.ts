/** The records that `sandpiper-layer unpack` reads: native/src/layer/record.h. */
export const RECORD = {
  end: 1,
  directory: 2,
  file: 3,
  data: 4,
  symlink: 5,
  link: 6,
  fifo: 7,
  whiteout: 8,
  opaque: 9,
  remove: 10,
} as const

/** What a record says; what is absent is 0 or empty. Names and values hold bytes as latin1. */
export interface LayerRecord {
  readonly type: (typeof RECORD)[keyof typeof RECORD]
  readonly path?: string
  readonly target?: string
  readonly mode?: number
  readonly uid?: number
  readonly gid?: number
  readonly mtime?: number
  readonly mtimeNs?: number
  readonly xattrs?: ReadonlyMap<string, string>
  /** Bytes of a file. */
  readonly size?: number
  /** Bytes of content that follow the record. */
  readonly data?: number
  readonly offset?: number
}

const HEADER_BYTES = 64

/** The bytes of a record, without its content. */
export function encodeRecord(record: LayerRecord): Buffer {
  const { path = '', target = '' } = record
  const xattrs = encodeXattrs(record.xattrs)
  const bytes = Buffer.alloc(HEADER_BYTES + path.length + target.length + xattrs.length)
  const numbers = [record.type, record.mode ?? 0, record.uid ?? 0, record.gid ?? 0]
  for (const [index, number] of numbers.entries()) bytes.writeUInt32LE(number, 4 * index)
  bytes.writeBigInt64LE(BigInt(record.mtime ?? 0), 16)
  const sizes = [record.mtimeNs ?? 0, path.length, target.length, xattrs.length]
  for (const [index, number] of sizes.entries()) bytes.writeUInt32LE(number, 24 + 4 * index)
  const large = [record.size ?? 0, record.data ?? 0, record.offset ?? 0]
  for (const [index, number] of large.entries()) {
    bytes.writeBigUInt64LE(BigInt(number), 40 + 8 * index)
  }
  bytes.write(path, HEADER_BYTES, 'latin1')
  bytes.write(target, HEADER_BYTES + path.length, 'latin1')
  xattrs.copy(bytes, HEADER_BYTES + path.length + target.length)
  return bytes
}

const NO_BYTES = Buffer.alloc(0)

function encodeXattrs(xattrs: ReadonlyMap<string, string> | undefined): Buffer {
  if (xattrs === undefined || xattrs.size === 0) return NO_BYTES
  return Buffer.concat(
    [...xattrs].map(([name, value]) => {
      const sizes = Buffer.alloc(8)
      sizes.writeUInt32LE(name.length, 0)
      sizes.writeUInt32LE(value.length, 4)
      return Buffer.concat([sizes, Buffer.from(name + value, 'latin1')])
    }),
  )
}
