import { createHash } from 'node:crypto'

/** What refers to a blob (OCI image-spec, descriptor.md). */
export interface OciDescriptor {
  readonly mediaType: string
  readonly digest: string
  /** Bytes. */
  readonly size: number
}

/** True for `sha256:` + 64 hex digits, the one digest we make and check. */
export function isDigest(value: string): boolean {
  return /^sha256:[0-9a-f]{64}$/.test(value)
}

/** `sha256:` + hex over the bytes. */
export function digestOf(bytes: string | Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/**
 * Names of all layers that lie on each other, bottom first: each stands for its layer and those below (OCI
 * image-spec, config.md: ChainID). The last one stands for the whole root.
 */
export function chainIds(diffIds: readonly string[]): readonly string[] {
  const chain: string[] = []
  for (const diffId of diffIds) {
    const parent = chain.at(-1)
    chain.push(parent === undefined ? diffId : digestOf(`${parent} ${diffId}`))
  }
  return chain
}
