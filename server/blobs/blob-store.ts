/** A blob as lists show it. */
export interface BlobInfo {
  readonly key: string
  readonly bytes: number
  /** Unix milliseconds, by the clock of where it is kept. */
  readonly modified: number
}

export interface BlobPage {
  readonly blobs: readonly BlobInfo[]
  /** What the next page is asked for with; null after the last one. */
  readonly next: string | null
}

/**
 * Where whole files are kept under keys. A blob is there whole or not at all, and never changes: whoever writes
 * under a key again writes the same bytes. Failures are SP_BLOB_FAILED, after all tries that make sense.
 */
export interface BlobStore {
  /** Stores a local file. When it returns, the blob is safe from a loss of power. */
  put(key: string, file: string): Promise<void>
  /**
   * The bytes from `from` to `to` (exclusive).
   * @throws SandpiperError SP_BLOB_MISSING when there is no such blob, SP_BLOB_FAILED also when it is shorter
   */
  read(key: string, from: number, to: number): AsyncIterable<Buffer>
  /** Length in bytes; null when there is none. */
  size(key: string): Promise<number | null>
  /** Removes it; one that is not there is as good. */
  remove(key: string): Promise<void>
  /** Blobs whose keys begin so, page by page, in no certain order. */
  list(prefix: string, next: string | null): Promise<BlobPage>
}

/** What keys may be: names of lower-case letters, digits, dots and dashes with slashes between. */
export function isBlobKey(key: string): boolean {
  return key.length <= 500 && /^[a-z0-9-][a-z0-9.-]*(?:\/[a-z0-9-][a-z0-9.-]*)*$/.test(key)
}
