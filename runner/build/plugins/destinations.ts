import type { Builder } from '../../../pipelines/index.js'
import { registryOf } from './logins.js'
import type { Settings } from './values.js'

/** Names, without tags, that the image is to have in registries. */
export function destinationsOf(settings: Settings, builder: Builder): string[] {
  const [plugin = '', vendor = ''] = builder.split('-')
  const registry = hostOf(registryOf(settings, vendor))
  if (vendor === 'heroku') {
    return [[registry, settings.text('APP'), settings.text('PROCESS_TYPE') || 'web'].join('/')]
  }
  const expands = plugin === 'kaniko' && settings.flag(['EXPAND_REPO'], false)
  const isPrefixed = (vendor !== '' || expands) && registry !== 'docker.io'
  return settings.list('REPO').map((repo) => {
    const bare = hostOf(repo)
    return !isPrefixed || bare === registry || bare.startsWith(`${registry}/`)
      ? bare
      : `${registry}/${bare}`
  })
}

/** Without the scheme and the slash at the end that people write. */
export function hostOf(registry: string): string {
  const bare = registry.replace(/^https?:\/\//, '').replace(/\/+$/, '')
  return /^(?:index\.)?docker\.io(?:\/v\d)?$/.test(bare) ? 'docker.io' : bare
}
