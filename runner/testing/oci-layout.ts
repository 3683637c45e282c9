import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { gzipSync } from 'node:zlib'

/** How a layer of a test image is packed. */
export type Packing = 'gzip' | 'zstd' | 'none'

export interface LayoutImage {
  /** Uncompressed archives, bottom first. */
  readonly layers: readonly Buffer[]
  /** Default: `gzip`. */
  readonly packing?: Packing
  /** `config` of the image configuration: `Env`, `Cmd` ... */
  readonly config?: Readonly<Record<string, unknown>>
  /** Default: linux/amd64. */
  readonly platform?: LayoutPlatform
}

export interface LayoutPlatform {
  readonly os: string
  readonly architecture: string
  readonly variant?: string
}

export interface LayoutDescriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly platform?: LayoutPlatform
  readonly annotations?: Readonly<Record<string, string>>
}

const SUFFIX = { gzip: '+gzip', zstd: '+zstd', none: '' } as const

/** An OCI image layout (image-layout.md) that a test makes; skopeo reads it as `oci:DIRECTORY:TAG`. */
export class OciLayout {
  readonly directory: string
  readonly #tags: LayoutDescriptor[] = []

  constructor(directory: string) {
    this.directory = directory
  }

  /** What skopeo calls the image of a tag. */
  source(tag: string): string {
    return `oci:${this.directory}:${tag}`
  }

  /** Adds an image. @param tag null for one that only an index names */
  async addImage(tag: string | null, image: LayoutImage): Promise<LayoutDescriptor> {
    const { layers, packing = 'gzip', platform = { os: 'linux', architecture: 'amd64' } } = image
    const type = `application/vnd.oci.image.layer.v1.tar${SUFFIX[packing]}`
    const blobs = await Promise.all(layers.map((tar) => this.addBlob(type, pack(tar, packing))))
    const rootfs = { type: 'layers', diff_ids: layers.map(digestOf) }
    const config = { ...platform, config: image.config ?? {}, rootfs }
    const configBlob = await this.#addJson('application/vnd.oci.image.config.v1+json', config)
    const manifest = await this.#addJson('application/vnd.oci.image.manifest.v1+json', {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: configBlob,
      layers: blobs,
    })
    const whole = { ...manifest, platform }
    await this.#tag(tag, whole)
    return whole
  }

  /** Adds an index of images, or of other indexes. */
  async addIndex(
    tag: string | null,
    manifests: readonly LayoutDescriptor[],
  ): Promise<LayoutDescriptor> {
    const mediaType = 'application/vnd.oci.image.index.v1+json'
    const index = await this.#addJson(mediaType, { schemaVersion: 2, mediaType, manifests })
    await this.#tag(tag, index)
    return index
  }

  async addBlob(mediaType: string, bytes: Buffer): Promise<LayoutDescriptor> {
    const digest = digestOf(bytes)
    const file = path.join(this.directory, 'blobs', digest.replace(':', '/'))
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, bytes)
    return { mediaType, digest, size: bytes.length }
  }

  #addJson(mediaType: string, value: object): Promise<LayoutDescriptor> {
    return this.addBlob(mediaType, Buffer.from(JSON.stringify(value)))
  }

  async #tag(tag: string | null, descriptor: LayoutDescriptor): Promise<void> {
    if (tag === null) return
    const annotations = { 'org.opencontainers.image.ref.name': tag }
    this.#tags.push({ ...descriptor, annotations })
    const index = { schemaVersion: 2, manifests: this.#tags }
    await writeFile(path.join(this.directory, 'index.json'), JSON.stringify(index))
    await writeFile(path.join(this.directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  }
}

function pack(tar: Buffer, packing: Packing): Buffer {
  if (packing === 'gzip') return gzipSync(tar)
  return packing === 'zstd'
    ? execFileSync('zstd', ['-q', '-c'], { input: tar, maxBuffer: 1 << 28 })
    : tar
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}
