import { type Builder, nearest } from '../../../pipelines/index.js'
import { autoTags, expandTag } from './auto-tags.js'
import { buildArguments, buildSecrets, type SecretSource } from './build-arguments.js'
import { destinationsOf } from './destinations.js'
import { labelsOf } from './labels.js'
import { loginsOf, type Logins } from './logins.js'
import { REFUSED_SETTINGS, SETTINGS_TABLE } from './settings-table.js'
import { badSetting, listOf, Settings, type Environment } from './values.js'

/** What the settings of a plugin that builds images ask for. */
export interface BuildRequest {
  /** Path in the workspace, or an absolute one that is in it. */
  readonly context: string
  readonly dockerfile: string
  /** Stage; empty: the last one. */
  readonly target: string
  readonly args: ReadonlyMap<string, string>
  readonly labels: Readonly<Record<string, string>>
  readonly secrets: readonly SecretSource[]
  /** What it is to be built for; empty: this machine. */
  readonly platforms: readonly string[]
  /** Names without tags; there may be none where nothing is pushed. */
  readonly repositories: readonly string[]
  readonly tags: Tags
  readonly push: boolean
  /** Of repositories at Amazon: whether they are made where there are none. */
  readonly createRepository: boolean
  /** Whether what is pushed to a repository that was made so is looked through for known holes. */
  readonly scanOnPush: boolean
  /** Absent: as the image's name says. */
  readonly pull?: 'always' | 'if-not-exists'
  readonly useCache: boolean
  /** Images whose layers may be used again. */
  readonly cacheFrom: readonly string[]
  readonly quiet: boolean
  readonly logins: Logins
}

/** The tags that an image is to have. */
export type Tags =
  | { readonly kind: 'list'; readonly tags: readonly string[] }
  /** In a file of the workspace, between commas or on lines; without it `latest` where it is optional. */
  | { readonly kind: 'file'; readonly path: string; readonly isOptional: boolean }
  /** There are none for this ref, and nothing is built. */
  | { readonly kind: 'skip'; readonly reason: string }

export interface ReadRequest {
  readonly request: BuildRequest
  /** Lines for the log: what has no effect, and what is not known. */
  readonly notes: readonly string[]
}

/**
 * Reads the settings as the plugin would, from the variables of the step.
 * @param nowMs time of the build
 * @throws SandpiperError SP_BUILD_SETTING, SP_BUILD_AUTO_TAG
 */
export function readBuildRequest(env: Environment, builder: Builder, nowMs: number): ReadRequest {
  const settings = new Settings(env)
  for (const [name, hint] of REFUSED_SETTINGS) {
    if (settings.text(name) !== '' && settings.text(name) !== 'false') {
      throw badSetting(name, 'is not supported', `${hint.charAt(0).toUpperCase()}${hint.slice(1)}.`)
    }
  }
  const repositories = destinationsOf(settings, builder)
  const isDry = settings.flag(['DRY_RUN', 'NO_PUSH'], false) || !settings.flag(['PUSH'], true)
  if (repositories.length === 0 && !isDry) {
    throw badSetting('repo', 'is missing', 'Name the image: repo: registry.example.com/octo/hello')
  }
  refuseOutput(settings)
  const isOn = (variable: string): boolean => /^(?:1|t|true)$/i.test(env[variable] ?? '')
  const context = settings.text('CONTEXT') || '.'
  const path = settings.text('CONTEXT_SUB_PATH')
  const request: BuildRequest = {
    context: path === '' ? context : `${context}/${path}`,
    dockerfile: settings.text('DOCKERFILE') || 'Dockerfile',
    target: settings.text('TARGET'),
    args: buildArguments(settings),
    labels: labelsOf(settings, builder, timeOf(env, nowMs)),
    secrets: buildSecrets(settings),
    platforms: settings.list('PLATFORM', 'PLATFORMS', 'CUSTOM_PLATFORM'),
    repositories,
    tags: tagsOf(settings, builder),
    push: !isDry,
    createRepository: settings.flag(
      ['CREATE_REPOSITORY', 'ECR_CREATE_REPOSITORY'],
      isOn('ECR_CREATE_REPOSITORY'),
    ),
    scanOnPush: settings.flag(['SCAN_ON_PUSH', 'ECR_SCAN_ON_PUSH'], isOn('ECR_SCAN_ON_PUSH')),
    ...pullOf(settings),
    useCache: !settings.flag(['NO_CACHE'], false),
    cacheFrom: [...cacheImages(settings.text('CACHE_FROM')), ...settings.list('CACHE_IMAGES')],
    quiet: settings.flag(['QUIET'], false),
    logins: loginsOf(settings, builder),
  }
  return { request, notes: notesOf(settings) }
}

/** As RFC 3339 has it. */
export function timeOf(env: Environment, nowMs: number): string {
  const epoch = env['SOURCE_DATE_EPOCH'] ?? ''
  const ms = /^\d{1,11}$/.test(epoch) ? Number(epoch) * 1000 : nowMs
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
}

function pullOf(settings: Settings): Pick<BuildRequest, 'pull'> {
  if (settings.text('PULL_IMAGE') === '') return {}
  return { pull: settings.flag(['PULL_IMAGE'], true) ? 'always' : 'if-not-exists' }
}

function tagsOf(settings: Settings, builder: Builder): Tags {
  const given = settings.list('TAG', 'TAGS')
  if (settings.flag(['AUTO_TAG', 'DEFAULT_TAGS'], false)) {
    const { env } = settings
    const ref = env['DRONE_COMMIT_REF'] ?? env['CI_COMMIT_REF'] ?? ''
    const defaultBranch = env['DRONE_REPO_BRANCH'] ?? env['CI_REPO_DEFAULT_BRANCH'] ?? ''
    const tags = autoTags({
      ref,
      defaultBranch,
      suffix: settings.text('AUTO_TAG_SUFFIX', 'DEFAULT_SUFFIX'),
      defaultTag: settings.text('DEFAULT_TAG') || 'latest',
      takesDates: builder === 'buildx',
    })
    if (tags === null) {
      const branch = `the default branch${defaultBranch === '' ? '' : ` (${defaultBranch})`}`
      const reason = `auto_tag builds git tags and ${branch} only, and this is ${ref}`
      return { kind: 'skip', reason }
    }
    // Woodpecker's plugin adds those that are named.
    return { kind: 'list', tags: [...new Set([...tags, ...(builder === 'buildx' ? given : [])])] }
  }
  const file = settings.text('TAGS_FILE', 'TAG_FILE')
  if (file !== '') return { kind: 'file', path: file, isOptional: false }
  if (given.length === 0) return { kind: 'file', path: '.tags', isOptional: true }
  const expands = settings.flag(['EXPAND_TAG'], false)
  return { kind: 'list', tags: expands ? given.flatMap(expandTag) : given }
}

/** Images among the places of a cache, in the words of buildx: `type=registry,ref=IMAGE` or `IMAGE`. */
function cacheImages(text: string): string[] {
  return listOf(text.replace(/(?:^|,)type=[^,]*/g, ',')).flatMap((part) => {
    if (part.startsWith('ref=')) return [part.slice('ref='.length)]
    return part.includes('=') ? [] : [part]
  })
}

function refuseOutput(settings: Settings): void {
  const output = settings.text('OUTPUT')
  if (output === '' || /^type=(?:image|registry)\b/.test(output)) return
  throw badSetting(
    'output',
    'is not supported',
    'Images are pushed to registries, and not written.',
  )
}

/** One line for each reason, with the settings that it holds for. */
function notesOf(settings: Settings): string[] {
  const byReason = new Map<string, string[]>()
  const unknown: string[] = []
  const isRefused = (name: string): boolean => REFUSED_SETTINGS.has(name)
  for (const name of settings.names) {
    const meaning = SETTINGS_TABLE.get(name)
    if (meaning === 'used' || isRefused(name)) continue
    if (meaning === undefined) {
      unknown.push(unknownText(name))
      continue
    }
    const reason = meaning === 'daemon' ? 'there is no Docker daemon here' : meaning.noEffect
    byReason.set(reason, [...(byReason.get(reason) ?? []), name.toLowerCase()])
  }
  const noEffect = [...byReason].map(
    ([reason, names]) => `no effect: ${names.join(', ')} (${reason})`,
  )
  return [...noEffect, ...unknown]
}

function unknownText(name: string): string {
  const known = [...SETTINGS_TABLE].filter(([, meaning]) => meaning === 'used')
  const guess = nearest(
    name.toLowerCase(),
    known.map(([one]) => one.toLowerCase()),
  )
  const hint = guess === undefined ? '' : `; did you mean ${guess}?`
  return `warning: the setting ${name.toLowerCase()} is not known and has no effect${hint}`
}
