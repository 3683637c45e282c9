import { badManifest } from '../errors.js'
import type { Client } from '../http/client.js'
import { SMALL_BLOB_BYTES_MAX } from '../limits.js'
import type { Descriptor, RemoteImage, RequestOptions } from '../types.js'
import { onceMore } from './once-more.js'
import { openBlob } from './open-blob.js'

/** @see Registries.readBlob */
export async function readBlob(
  client: Client,
  image: RemoteImage,
  blob: Descriptor,
  options: RequestOptions,
): Promise<Buffer> {
  if (blob.size > SMALL_BLOB_BYTES_MAX) {
    const name = `${image.registry}/${image.repository}`
    throw badManifest(name, `registry ${image.registry}`, `${blob.digest} has ${blob.size} bytes`)
  }
  return onceMore(options, async (suspects) => {
    const chunks: Buffer[] = []
    for await (const chunk of openBlob(client, image, blob, options, suspects)) chunks.push(chunk)
    return Buffer.concat(chunks)
  })
}
