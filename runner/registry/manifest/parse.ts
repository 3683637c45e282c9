import {
  SCHEMA1_TYPES,
  CONFIG_TYPES,
  INDEX_TYPES,
  MANIFEST_TYPES,
  compressionOf,
} from './media-types.js'
import { BLOB_BYTES_MAX, LAYERS_MAX } from '../limits.js'
import type { Descriptor, Platform } from '../types.js'
import { shownText } from '../errors.js'

/** One entry of an index. */
export interface IndexEntry extends Descriptor {
  /** Null where the index does not say. */
  readonly platform: Platform | null
  /** Facts about another entry, such as who built it, and no image. */
  readonly isAttestation: boolean
}

export type Manifest =
  | { readonly kind: 'index'; readonly mediaType: string; readonly entries: readonly IndexEntry[] }
  | {
      readonly kind: 'image'
      readonly mediaType: string
      readonly config: Descriptor
      readonly layers: readonly Descriptor[]
    }

/** Why a manifest can't be used, in words that go on from "because". */
export class Unusable extends Error {}

type Fields = Readonly<Record<string, unknown>>

/**
 * Reads a manifest or index of Docker's or OCI's.
 * @param contentType what the registry says that it is; null for nothing
 * @throws Unusable
 */
export function parseManifest(bytes: Buffer, contentType: string | null): Manifest {
  const fields = parseJson(bytes)
  const mediaType = typeOf(fields, contentType)
  if (INDEX_TYPES.has(mediaType)) {
    return { kind: 'index', mediaType, entries: list(fields, 'manifests').map(entry) }
  }
  const config = descriptor(fields['config'], 'config')
  if (!CONFIG_TYPES.has(config.mediaType)) {
    throw new Unusable(`it is no container image but ${shownText(config.mediaType)}`)
  }
  const layers = list(fields, 'layers')
  if (layers.length > LAYERS_MAX) throw new Unusable(`it has ${layers.length} layers`)
  return { kind: 'image', mediaType, config, layers: layers.map(layer) }
}

/**
 * One text must not be read as two things by two readers (CVE-2021-41190): what the registry says, what the
 * text says, and what is in it have to agree.
 */
function typeOf(fields: Fields, contentType: string | null): string {
  const own = fields['mediaType']
  const said = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  const isKnown = INDEX_TYPES.has(said) || MANIFEST_TYPES.has(said)
  if (fields['schemaVersion'] === 1 || SCHEMA1_TYPES.has(said)) throw new Unusable(SCHEMA1)
  if (fields['schemaVersion'] !== 2)
    throw new Unusable('it is no manifest: its schemaVersion is not 2')
  if (typeof own === 'string' && isKnown && own !== said) {
    throw new Unusable(`the registry says that it is ${said}, itself that it is ${shownText(own)}`)
  }
  const isIndex = 'manifests' in fields
  if (isIndex && ('layers' in fields || 'config' in fields)) {
    throw new Unusable('it is both an index and an image')
  }
  const type = typeof own === 'string' ? own : isKnown ? said : isIndex ? OCI_INDEX : OCI_MANIFEST
  const types = isIndex ? INDEX_TYPES : MANIFEST_TYPES
  if (!types.has(type)) throw new Unusable(`its type ${shownText(type)} is none of an image's`)
  return type
}

const SCHEMA1 = "it is of Docker's schema 1, which has been out of use since 2017"
const OCI_INDEX = 'application/vnd.oci.image.index.v1+json'
const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json'

function entry(value: unknown): IndexEntry {
  const fields = object(value, 'an entry of its index')
  const platform = platformOf(fields['platform'])
  const annotations = fields['annotations']
  const type = (annotations as Fields | null | undefined)?.['vnd.docker.reference.type']
  return {
    ...descriptor(fields, 'an entry of its index'),
    platform,
    isAttestation:
      typeof type === 'string' ||
      (platform?.os === 'unknown' && platform.architecture === 'unknown'),
  }
}

/** Platform as an index or an image configuration has it; null where it says nothing. */
export function platformOf(value: unknown): Platform | null {
  if (typeof value !== 'object' || value === null) return null
  const { os, architecture, variant } = value as Fields
  if (typeof os !== 'string' || typeof architecture !== 'string' || os === '') return null
  const more = typeof variant === 'string' && variant !== '' ? { variant } : {}
  return { os, architecture, ...more }
}

function layer(value: unknown): Descriptor {
  const one = descriptor(value, 'a layer')
  if (compressionOf(one.mediaType) === null) {
    throw new Unusable(`there is no way to unpack a layer of the type ${shownText(one.mediaType)}`)
  }
  return one
}

function descriptor(value: unknown, what: string): Descriptor {
  const { mediaType, digest, size } = object(value, what)
  if (typeof mediaType !== 'string') throw new Unusable(`${what} has no media type`)
  if (typeof digest !== 'string' || !/^sha256:[0-9a-f]{64}$/.test(digest)) {
    throw new Unusable(`${what} has no sha256 digest`)
  }
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 0 || size > BLOB_BYTES_MAX) {
    throw new Unusable(`${what} has no possible size`)
  }
  return { mediaType, digest, size }
}

function list(fields: Fields, name: string): readonly unknown[] {
  const value = fields[name]
  if (!Array.isArray(value)) throw new Unusable(`it has no list of ${name}`)
  return value
}

function object(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw new Unusable(`${what} is no object`)
}

function parseJson(bytes: Buffer): Fields {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch {
    throw new Unusable('it is no JSON')
  }
  return object(value, 'it')
}
