import { parseDockerConfig, type DockerConfig } from '../../registry/credentials/docker-config.js'
import { registryKey } from '../../registry/credentials/keys.js'
import type { Logins } from '../plugins/logins.js'

/** The logins of a build as the registry client takes them. @throws SandpiperError SP_REGISTRY_CREDENTIALS */
export function credentialsOf({
  logins,
  configs,
}: Pick<Logins, 'logins' | 'configs'>): readonly DockerConfig[] {
  const own: DockerConfig = {
    source: 'the settings of the step',
    // The first one of a registry counts.
    logins: new Map(
      [...logins]
        .reverse()
        .map(({ registry, username, password }) => [
          registryKey(registry),
          { kind: 'basic', username, password },
        ]),
    ),
    helpers: new Map(),
    store: null,
  }
  return [own, ...configs.map(({ source, text }) => parseDockerConfig(text, source))]
}
