import type { StagePlan } from '../../pipelines/plan.js'
import { parseDockerConfig, type DockerConfig } from '../registry/credentials/docker-config.js'

/** What a stage's `image_pull_secrets` hold: each a Docker `config.json`. */
export interface PullCredentials {
  readonly configs: readonly DockerConfig[]
  /** One line for the log for each secret that there is not. */
  readonly warnings: readonly string[]
}

/**
 * @param secrets values by the secrets' names
 * @throws SandpiperError SP_REGISTRY_CREDENTIALS
 */
export function pullCredentials(
  { imagePullSecrets = [] }: Pick<StagePlan, 'imagePullSecrets'>,
  secrets: ReadonlyMap<string, string> = new Map(),
): PullCredentials {
  const configs: DockerConfig[] = []
  const warnings: string[] = []
  for (const name of imagePullSecrets) {
    const value = secrets.get(name)
    if (value !== undefined) configs.push(parseDockerConfig(value, `secret ${name}`))
    else warnings.push(`there is no secret ${name}; images are pulled without it`)
  }
  return { configs, warnings }
}
