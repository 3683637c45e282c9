/**
 * Builds a request's payload: numbers little-endian, strings with their length before and a NUL after
 * them (the length counts the NUL). native/src/launcher/wire.h reads it.
 */
export class PayloadWriter {
  #buffer = Buffer.allocUnsafe(1024)
  #size = 0

  u8(value: number): this {
    this.#reserve(1)
    this.#size = this.#buffer.writeUInt8(value, this.#size)
    return this
  }

  u32(value: number): this {
    this.#reserve(4)
    this.#size = this.#buffer.writeUInt32LE(value, this.#size)
    return this
  }

  u64(value: bigint): this {
    this.#reserve(8)
    this.#size = this.#buffer.writeBigUInt64LE(value, this.#size)
    return this
  }

  bool(value: boolean): this {
    return this.u8(value ? 1 : 0)
  }

  string(text: string): this {
    const size = Buffer.byteLength(text) + 1
    this.u32(size)
    this.#reserve(size)
    this.#buffer.write(text, this.#size)
    this.#size = this.#buffer.writeUInt8(0, this.#size + size - 1)
    return this
  }

  list<T>(items: readonly T[], write: (item: T) => unknown): this {
    this.u32(items.length)
    for (const item of items) write(item)
    return this
  }

  /** What was written so far. */
  finish(): Buffer {
    return this.#buffer.subarray(0, this.#size)
  }

  #reserve(size: number): void {
    if (this.#size + size <= this.#buffer.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#size + size))
    this.#buffer.copy(grown, 0, 0, this.#size)
    this.#buffer = grown
  }
}
