import { createHash } from 'node:crypto'
import type { ImageName } from '../../layers/image-name.js'
import { wrongBytes } from '../errors.js'
import type { Client } from '../http/client.js'
import { withRetries } from '../http/retry.js'
import type { RequestOptions } from '../types.js'

/** @see Registries.pushManifest */
export async function pushManifest(
  client: Client,
  target: ImageName,
  manifest: { readonly mediaType: string; readonly bytes: Uint8Array },
  options: RequestOptions,
): Promise<string> {
  const { registry, repository, familiar } = target
  const endpoint = client.endpoints.of(registry)
  const digest = `sha256:${createHash('sha256').update(manifest.bytes).digest('hex')}`
  const what = `the manifest of ${familiar}`
  if (target.digest !== null && target.digest !== digest) {
    throw wrongBytes(what, 'this machine', `its digest is ${digest}`)
  }
  return withRetries(client.patience(endpoint, options), async () => {
    const answer = await client.call({
      ...{ endpoint, repository, what: familiar, options, method: 'PUT', access: 'push' },
      path: `/manifests/${target.digest ?? target.tag ?? 'latest'}`,
      headers: {
        'content-type': manifest.mediaType,
        'content-length': String(manifest.bytes.length),
      },
      body: () => manifest.bytes,
      expects: [200, 201, 202],
      isSmall: true,
    })
    await answer.discard()
    const told = answer.header('docker-content-digest')
    if (told?.startsWith('sha256:') === true && told !== digest) {
      throw wrongBytes(what, answer.where, `it says that its digest is ${told.slice(0, 71)}`)
    }
    return digest
  })
}
