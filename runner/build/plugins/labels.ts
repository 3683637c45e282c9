import type { Builder } from '../../../pipelines/index.js'
import type { Settings } from './values.js'

const PREFIX = 'org.opencontainers.image.'

/**
 * The labels that the plugin gives an image: those about its source, then those of the settings.
 * @param created time of the build as RFC 3339 has it
 */
export function labelsOf(
  settings: Settings,
  builder: Builder,
  created: string,
): Readonly<Record<string, string>> {
  const own = settings.list('CUSTOM_LABELS', 'LABELS', 'LABEL').map(pairOf)
  // kaniko's plugin gives none of its own.
  const isAuto =
    !builder.startsWith('kaniko') &&
    settings.flag(['AUTO_LABEL', 'AUTO_LABELS', 'DEFAULT_LABELS'], true)
  const auto = isAuto ? sourceLabels(settings, created) : []
  return Object.fromEntries([...auto, ...own])
}

function sourceLabels(settings: Settings, created: string): [string, string][] {
  const { env } = settings
  const of = (...names: readonly string[]): string =>
    names.map((name) => env[name] ?? '').find((value) => value !== '') ?? ''
  const facts: [string, string][] = [
    ['created', created],
    ['revision', of('DRONE_COMMIT_SHA', 'CI_COMMIT_SHA')],
    ['source', of('DRONE_REMOTE_URL', 'DRONE_GIT_HTTP_URL', 'CI_REPO_CLONE_URL')],
    ['url', settings.textOr(['REPO_LINK'], ['DRONE_REPO_LINK', 'CI_REPO_URL'])],
    ['version', versionOf(of('DRONE_COMMIT_REF', 'CI_COMMIT_REF'))],
  ]
  const schema = settings.list('LABEL_SCHEMA').map(pairOf)
  return [...facts, ...schema]
    .filter(([, value]) => value !== '')
    .map(([name, value]) => [`${PREFIX}${name}`, value])
}

function versionOf(ref: string): string {
  const [, version = ''] = /^refs\/tags\/v?(\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?)$/.exec(ref) ?? []
  return version
}

function pairOf(text: string): [string, string] {
  const equals = text.indexOf('=')
  return equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)]
}
