import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { HostConfig } from '../../runner/config.js'
import {
  parseDockerConfig,
  type DockerConfig,
} from '../../runner/registry/credentials/docker-config.js'
import type { CommandContext } from '../command.js'
import { usageError } from '../errors.js'
import { proxyOf } from './proxy.js'

type Context = Pick<CommandContext, 'io' | 'settings'>

/** Whose pipelines run with it. */
export interface Audience {
  /** Only those of who calls: then what Docker knows of his logins counts too. */
  readonly isPersonal: boolean
}

/**
 * The settings of images as the runner wants them.
 * @throws CliError SP_CLI_USAGE for a file that can't be read or a proxy of the environment that is none; SandpiperError SP_REGISTRY_CREDENTIALS
 */
export async function imagesConfig(
  context: Context,
  { isPersonal }: Audience = { isPersonal: true },
): Promise<Pick<HostConfig, 'registries' | 'layersBytesMax'>> {
  const { io, settings } = context
  const { registryMirrors, registryInsecure, registryCa, layersMax } = settings
  return {
    ...(layersMax === undefined ? {} : { layersBytesMax: layersMax }),
    registries: {
      credentials: await credentialsOf(context, isPersonal),
      pushesAsOperator: isPersonal,
      ...(registryMirrors === undefined ? {} : { mirrors: registryMirrors }),
      ...(registryInsecure === undefined ? {} : { insecure: registryInsecure }),
      ...(registryCa === undefined ? {} : { caFile: resolve(io.cwd, registryCa) }),
      ...proxyOf(context),
    },
  }
}

async function credentialsOf(
  { io, settings }: Context,
  isPersonal: boolean,
): Promise<readonly DockerConfig[]> {
  const named = settings.registryConfig
  if (named === undefined && !isPersonal) return []
  const path = named === undefined ? ownConfig(io) : resolve(io.cwd, named)
  try {
    return [parseDockerConfig(await readFile(path, 'utf8'), path)]
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code?.startsWith('SP_') === true) throw error
    if (named === undefined && code === 'ENOENT') return []
    const hint = 'name another file with SANDPIPER_REGISTRY_CONFIG'
    const why = code === 'ENOENT' ? 'there is no such file' : (code ?? 'error')
    throw usageError(`can't read the registries' credentials in ${path}: ${why}`, hint)
  }
}

/** Where Docker keeps it (docker(1), DOCKER_CONFIG). */
function ownConfig({ env, homeDir }: CommandContext['io']): string {
  const directory = env['DOCKER_CONFIG'] ?? ''
  return join(directory === '' ? join(homeDir, '.docker') : directory, 'config.json')
}
