import { invalidImage, otherPlatform } from './errors.js'
import { readinessOf } from './image-health.js'
import { IMAGE_LAYERS_MAX } from './limits.js'
import { isDigest } from './oci.js'
import { record, strings, text } from './json-values.js'
import type { ImageConfig } from './types.js'

export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** For archives that say nothing about how to run them. */
export const DEFAULT_CONFIG: ImageConfig = {
  env: { PATH: DEFAULT_PATH },
  workingDir: '/',
  user: '',
  entrypoint: [],
  cmd: [],
}

/** What an OCI or Docker image configuration says (OCI image-spec, config.md). */
export interface ImageFile {
  readonly config: ImageConfig
  /** Bottom first. */
  readonly diffIds: readonly string[]
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' }

/** What programs run here, in the words of images (Go's GOARCH). */
export const OWN_ARCHITECTURE = ARCHITECTURES[process.arch] ?? process.arch

/** @throws SandpiperError SP_IMAGE_INVALID, SP_IMAGE_PLATFORM for one whose programs don't run here */
export function parseImageFile(value: unknown): ImageFile {
  const image = record(value)
  const os = text(image['os'])
  const architecture = text(image['architecture'])
  const isOurs = architecture === '' || architecture === OWN_ARCHITECTURE
  if ((os !== '' && os !== 'linux') || !isOurs) {
    throw otherPlatform(`${os || 'linux'}/${architecture || OWN_ARCHITECTURE}`, OWN_ARCHITECTURE)
  }
  const diffIds = strings(record(image['rootfs'])['diff_ids'])
  if (diffIds.length === 0 || diffIds.length > IMAGE_LAYERS_MAX) {
    throw invalidImage(
      `the image has ${String(diffIds.length)} layers; 1 to ${String(IMAGE_LAYERS_MAX)} are possible`,
    )
  }
  if (!diffIds.every(isDigest)) throw invalidImage('a diff id is not sha256:HEX')
  const config = record(image['config'])
  return {
    diffIds,
    config: {
      env: { PATH: DEFAULT_PATH, ...environment(strings(config['Env'])) },
      workingDir: text(config['WorkingDir']) || '/',
      user: text(config['User']),
      entrypoint: strings(config['Entrypoint']),
      cmd: strings(config['Cmd']),
      ...readinessOf(config),
    },
  }
}

function environment(list: readonly string[]): Record<string, string> {
  const pairs = list.map((one): [string, string] => {
    const equals = one.indexOf('=')
    return equals < 0 ? [one, ''] : [one.slice(0, equals), one.slice(equals + 1)]
  })
  return Object.fromEntries(pairs.filter(([name]) => name !== ''))
}
