import { createHash } from 'node:crypto'
import type { Endpoint } from '../endpoints.js'
import { badAnswer, badManifest, wrongBytes } from '../errors.js'
import type { Client } from '../http/client.js'
import { isPage, type Answer } from '../http/exchange.js'
import { withRetries } from '../http/retry.js'
import { MANIFEST_BYTES_MAX } from '../limits.js'
import { ACCEPT_MANIFESTS } from '../manifest/media-types.js'
import { parseManifest, Unusable, type Manifest } from '../manifest/parse.js'
import { onceMore } from './once-more.js'
import type { Descriptor, RequestOptions } from '../types.js'

export interface ManifestRequest {
  readonly repository: string
  /** A tag or a digest. */
  readonly reference: string
  /** For messages: the image's name. */
  readonly what: string
  readonly options: RequestOptions
}

export interface FetchedManifest {
  readonly descriptor: Descriptor
  readonly manifest: Manifest
}

/** Reads a manifest; its bytes are what the digest says. @throws RegistryError */
export function fetchManifest(
  client: Client,
  endpoint: Endpoint,
  request: ManifestRequest,
): Promise<FetchedManifest> {
  const { repository, reference, what, options } = request
  const read = async (): Promise<FetchedManifest> => {
    const answer = await client.call({
      ...{ endpoint, repository, what, options, method: 'GET', access: 'pull', isSmall: true },
      path: `/manifests/${reference}`,
      headers: { accept: ACCEPT_MANIFESTS },
      expects: [200],
    })
    if (isPage(answer)) throw await pageInstead(answer)
    const bytes = await answer.read(MANIFEST_BYTES_MAX, 'the manifest')
    const digest = checkedDigest(bytes, answer, request)
    const manifest = parsed(bytes, answer, what)
    return { descriptor: { mediaType: manifest.mediaType, digest, size: bytes.length }, manifest }
  }
  return onceMore(options, () => withRetries(client.patience(endpoint, options), read))
}

/** The digest that a reference has at an endpoint, without its manifest where the registry tells it. */
export function fetchDigest(
  client: Client,
  endpoint: Endpoint,
  request: ManifestRequest,
): Promise<string> {
  const { repository, reference, what, options } = request
  return withRetries(client.patience(endpoint, options), async () => {
    const answer = await client.call({
      ...{ endpoint, repository, what, options, method: 'HEAD', access: 'pull', isSmall: true },
      path: `/manifests/${reference}`,
      headers: { accept: ACCEPT_MANIFESTS },
      // Some servers know no HEAD.
      expects: [200, 405, 501],
    })
    await answer.discard()
    const told = answer.status === 200 ? answer.header('docker-content-digest') : null
    if (told !== null && /^sha256:[0-9a-f]{64}$/.test(told)) return told
    return (await fetchManifest(client, endpoint, request)).descriptor.digest
  })
}

function checkedDigest(
  bytes: Buffer,
  answer: Answer,
  { reference, what }: ManifestRequest,
): string {
  const digest = `sha256:${hash('sha256', bytes)}`
  const told = answer.header('docker-content-digest') ?? ''
  const [algorithm = '', hex = ''] = told.split(':')
  if (['sha256', 'sha512'].includes(algorithm) && hash(algorithm, bytes) !== hex) {
    throw wrongBytes(
      `the manifest of ${what}`,
      answer.where,
      `its digest is ${digest}, not ${told.slice(0, 140)}`,
    )
  }
  if (reference.startsWith('sha256:') && reference !== digest) {
    throw wrongBytes(
      `the manifest of ${what}`,
      answer.where,
      `its digest is ${digest}, not ${reference}`,
    )
  }
  return digest
}

async function pageInstead(answer: Answer): Promise<Error> {
  await answer.discard()
  return badAnswer(answer.where, 'it answers with a web page', { status: answer.status })
}

function hash(algorithm: string, bytes: Buffer): string {
  return createHash(algorithm).update(bytes).digest('hex')
}

function parsed(bytes: Buffer, answer: Answer, what: string): Manifest {
  try {
    return parseManifest(bytes, answer.header('content-type'))
  } catch (error) {
    if (error instanceof Unusable) throw badManifest(what, answer.where, error.message)
    throw error
  }
}
