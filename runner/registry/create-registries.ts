import { openEcr } from './ecr/ecr.js'
import { Client } from './http/client.js'
import { openBlob } from './pull/open-blob.js'
import { readBlob } from './pull/read-blob.js'
import { digestOf, resolve } from './pull/resolve.js'
import { withBlob } from './pull/with-blob.js'
import { pushBlob } from './push/push-blob.js'
import { pushManifest } from './push/push-manifest.js'
import type { Registries, RegistriesConfig } from './types.js'

/** @throws SandpiperError SP_REGISTRY_SETTING for a setting that can't be used */
export function createRegistries(config: RegistriesConfig = {}): Registries {
  const client = new Client(config)
  // What lets every pipeline pull is not to let it push.
  const pusher = config.pushesAsOperator ? client : new Client({ ...config, credentials: [] })
  return {
    digestOf: (name, options = {}) => digestOf(client, name, options),
    resolve: (name, options = {}) => resolve(client, name, options),
    readBlob: (image, blob, options = {}) => readBlob(client, image, blob, options),
    openBlob: (image, blob, options = {}) => openBlob(client, image, blob, options),
    withBlob: (image, blob, use, options = {}) => withBlob(client, image, blob, use, options),
    pushBlob: (target, source, options = {}) => pushBlob(pusher, target, source, options),
    pushManifest: (target, mediaType, bytes, options = {}) =>
      pushManifest(pusher, target, { mediaType, bytes }, options),
    ecr: (account) => openEcr({ client, elsewhere: config.awsEndpoint }, account),
    close: async () => {
      await client.close()
      if (pusher !== client) await pusher.close()
    },
  }
}
