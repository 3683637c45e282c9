import { createHash } from 'node:crypto'
import { wrongBytes } from '../errors.js'
import type { Descriptor } from '../types.js'

/** What has come of a blob so far, from one endpoint or from several. */
export class Received {
  readonly blob: Descriptor
  /** For messages. */
  readonly what: string
  bytes = 0
  readonly #hash = createHash('sha256')
  readonly #from = new Set<string>()

  constructor(blob: Descriptor, what: string) {
    this.blob = blob
    this.what = what
  }

  /** Labels of the endpoints that bytes have come from. */
  get from(): ReadonlySet<string> {
    return this.#from
  }

  get isWhole(): boolean {
    return this.bytes === this.blob.size
  }

  /** @throws RegistryError for more bytes than the blob has */
  add(chunk: Buffer, label: string): void {
    this.#from.add(label)
    if (this.bytes + chunk.length > this.blob.size) {
      throw wrongBytes(this.what, label, `there are more bytes than its ${String(this.blob.size)}`)
    }
    this.bytes += chunk.length
    this.#hash.update(chunk)
  }

  /** Checks the digest of the whole. To be called once. @throws RegistryError */
  check(): void {
    const digest = `sha256:${this.#hash.digest('hex')}`
    if (digest === this.blob.digest) return
    throw wrongBytes(this.what, [...this.#from].join(' and '), `its digest is ${digest}`)
  }
}
