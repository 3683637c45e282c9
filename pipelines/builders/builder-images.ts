/**
 * Plugins that build images, by the way in which they read their settings. The part before a dash is the
 * plugin, the part behind it whose registry it logs in to.
 */
export type Builder =
  | 'docker'
  | `${'docker' | 'kaniko'}-${'ecr' | 'gcr' | 'gar' | 'acr'}`
  | 'docker-heroku'
  | 'buildx'
  | 'kaniko'

/**
 * Every plugin in one row. Those of Drone and Woodpecker run only where they are privileged or have a
 * daemon of the host's; here their settings are for the runner's own builder.
 */
const BUILDERS: Readonly<Record<string, Builder>> = {
  'plugins/docker': 'docker',
  'plugins/ecr': 'docker-ecr',
  'plugins/gcr': 'docker-gcr',
  'plugins/gar': 'docker-gar',
  'plugins/acr': 'docker-acr',
  'plugins/heroku': 'docker-heroku',
  'plugins/buildx': 'docker',
  'plugins/buildx-ecr': 'docker-ecr',
  'plugins/buildx-gcr': 'docker-gcr',
  'plugins/buildx-gar': 'docker-gar',
  'plugins/buildx-acr': 'docker-acr',
  'plugins/kaniko': 'kaniko',
  'plugins/kaniko-ecr': 'kaniko-ecr',
  'plugins/kaniko-gcr': 'kaniko-gcr',
  'plugins/kaniko-gar': 'kaniko-gar',
  'plugins/kaniko-acr': 'kaniko-acr',
  'banzaicloud/drone-kaniko': 'kaniko',
  'woodpeckerci/plugin-docker': 'docker',
  'woodpeckerci/plugin-docker-buildx': 'buildx',
  'woodpeckerci/plugin-kaniko': 'kaniko',
  'woodpecker-plugins/docker-buildx': 'buildx',
  'woodpecker-plugins/plugin-docker-buildx': 'buildx',
  'thegeeklab/drone-docker-buildx': 'buildx',
  'thegeeklab/wp-docker-buildx': 'buildx',
  'owncloudci/drone-docker-buildx': 'buildx',
}

/** The last two parts of a name, without the tag, the digest and what registry and mirror come before. */
const REPOSITORY = /([a-z0-9._-]+\/[a-z0-9._-]+)(?::[\w.-]+)?(?:@sha256:[0-9a-f]{64})?$/

/** The plugin that an image is, whatever its tag and registry; undefined: it builds no images. */
export function builderOf(image: string): Builder | undefined {
  const [, repository = ''] = REPOSITORY.exec(image) ?? []
  return Object.hasOwn(BUILDERS, repository) ? BUILDERS[repository] : undefined
}
