import type { HistoryEntry, OciImage, RunConfig } from './oci-image.js'

/** An image that is being built: layers so far, and what is known about them. */
export class ImageDraft {
  readonly #base: OciImage
  readonly #layers: string[]
  readonly #history: HistoryEntry[]
  readonly #created: string

  /** @param created time of the build as RFC 3339 has it */
  constructor(base: OciImage, created: string) {
    this.#base = base
    this.#created = created
    this.#layers = [...base.rootfs.diff_ids]
    this.#history = [...base.history]
  }

  /** Diff ids, bottom first. */
  get layers(): readonly string[] {
    return this.#layers
  }

  get history(): readonly HistoryEntry[] {
    return this.#history
  }

  /** Notes what an instruction did. @param layer diff id; null: it made none */
  add(createdBy: string, layer: string | null): void {
    const entry = { created: this.#created, created_by: createdBy, comment: 'sandpiper' }
    this.#history.push(layer === null ? { ...entry, empty_layer: true } : entry)
    if (layer !== null) this.#layers.push(layer)
  }

  /** The image with its configuration as it is in the end. */
  finish(config: RunConfig, author: string | null): OciImage {
    const { author: _, ...base } = this.#base
    return {
      created: this.#created,
      ...base,
      ...(author === null ? {} : { author }),
      config,
      rootfs: { type: 'layers', diff_ids: [...this.#layers] },
      history: [...this.#history],
    }
  }
}
