import type { Scope, Setting } from './settings.js'
import { bytes, mirrors, namedHosts, noProxy, path, proxyUrl } from './values.js'

const IMAGES: readonly Scope[] = ['standalone', 'runner', 'exec', 'image', 'sandbox']

/** Where images come from, and how much of them is kept. */
export const IMAGE_SETTINGS = {
  registryConfig: define({
    env: 'SANDPIPER_REGISTRY_CONFIG',
    flag: 'registry-config',
    type: path,
    defaultText: 'none; for `exec`, `image` and `sandbox` ~/.docker/config.json',
    description:
      'Credentials for registries, a Docker `config.json`: every pipeline that runs here can pull with them',
    scopes: IMAGES,
  }),
  registryMirrors: define({
    env: 'SANDPIPER_REGISTRY_MIRRORS',
    flag: 'registry-mirrors',
    type: mirrors,
    defaultText: 'none',
    description:
      'Mirrors that images are pulled from before their registry is asked, `docker.io=https://mirror.example.com`, several by commas',
    scopes: IMAGES,
  }),
  registryInsecure: define({
    env: 'SANDPIPER_REGISTRY_INSECURE',
    flag: 'registry-insecure',
    type: namedHosts,
    defaultText: 'none',
    description:
      'Registries (`host` or `host:port`) that may speak plain HTTP, or have a certificate that can’t be verified',
    scopes: IMAGES,
  }),
  registryCa: define({
    env: 'SANDPIPER_REGISTRY_CA',
    flag: 'registry-ca',
    type: path,
    defaultText: 'none',
    description:
      'PEM file of certificate authorities to trust for registries beside the usual ones',
    scopes: IMAGES,
  }),
  registryProxy: define({
    env: 'SANDPIPER_REGISTRY_PROXY',
    flag: 'registry-proxy',
    type: proxyUrl,
    defaultText: 'HTTPS_PROXY or https_proxy of the environment',
    description:
      'HTTP proxy for registries, `http://USER:PASSWORD@proxy.example.com:3128` or `https://...`; with a password prefer the variable, a flag shows in process lists',
    scopes: IMAGES,
  }),
  registryNoProxy: define({
    env: 'SANDPIPER_REGISTRY_NO_PROXY',
    flag: 'registry-no-proxy',
    type: noProxy,
    defaultText: 'NO_PROXY or no_proxy of the environment',
    description:
      'What is reached without the proxy: `host` (and all below it), `.suffix`, addresses and networks, several by commas; `*` for no proxy at all. This machine never is a matter for it',
    scopes: IMAGES,
  }),
  layersMax: define({
    env: 'SANDPIPER_LAYERS_MAX',
    flag: 'layers-max',
    type: bytes,
    defaultText: 'a quarter of the disk',
    description:
      'Bytes that the layers of images may have together: what was used longest ago makes room, but for what is pinned, was imported, or runs',
    scopes: IMAGES,
  }),
} as const

function define<T>(setting: Setting<T>): Setting<T> {
  return setting
}
