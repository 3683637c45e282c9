import type { StagePlan } from '../../pipelines/plan.js'
import { parseDockerConfig, type DockerConfig } from '../registry/credentials/docker-config.js'
import type { StageSecrets } from '../secrets/stage-secrets.js'
import { absence } from './secrets.js'

/** What a stage pulls images with. */
export interface PullCredentials {
  readonly configs: readonly DockerConfig[]
  /** One line for the log for each secret that there is not. */
  readonly warnings: readonly string[]
}

/**
 * Of a stage's `image_pull_secrets`, each a Docker `config.json`, and then of the logins that its server has for it.
 * @throws SandpiperError SP_REGISTRY_CREDENTIALS
 */
export function pullCredentials(
  stage: Pick<StagePlan, 'imagePullSecrets'>,
  secrets: StageSecrets,
): PullCredentials {
  const { configs, warnings } = namedCredentials(stage, secrets)
  return { configs: [...configs, ...secrets.registries], warnings }
}

/**
 * Those alone that the pipeline names: what is pushed is pushed with nothing else.
 * @throws SandpiperError SP_REGISTRY_CREDENTIALS
 */
export function namedCredentials(
  { imagePullSecrets = [] }: Pick<StagePlan, 'imagePullSecrets'>,
  { pulls }: StageSecrets,
): PullCredentials {
  const configs: DockerConfig[] = []
  const warnings: string[] = []
  for (const name of imagePullSecrets) {
    const value = pulls.values.get(name)
    if (value !== undefined) configs.push(parseDockerConfig(value, `secret ${name}`))
    else warnings.push(`${absence(name, pulls)}; images are pulled without it`)
  }
  return { configs, warnings }
}
