import { SandpiperError } from '../../../protocol/errors.js'

/** What the tags of an image follow from. */
export interface AutoTagsInput {
  /** Full ref, e.g. `refs/tags/v1.2.3`. */
  readonly ref: string
  readonly defaultBranch: string
  readonly suffix: string
  /** Tag of the default branch; default `latest`. */
  readonly defaultTag?: string
  /** Tags such as 20240131 and 2024-01-31 stand for themselves. */
  readonly takesDates?: boolean
}

/**
 * The tags that `auto_tag` makes, as the plugin does: of a version its parts, of the default branch
 * `latest`; null for every other branch, which is not built.
 * @throws SandpiperError SP_BUILD_AUTO_TAG for a git tag that is no version
 */
export function autoTags(input: AutoTagsInput): string[] | null {
  const { ref, defaultBranch, suffix, defaultTag = 'latest' } = input
  const isTag = ref.startsWith('refs/tags/')
  if (!isTag && ref.replace(/^refs\/heads\//, '') !== defaultBranch) return null
  const tags = isTag ? versionTags(ref.slice('refs/tags/'.length), input) : [defaultTag]
  if (suffix === '') return tags
  return tags.map((tag) => (tag === defaultTag ? suffix : `${tag}-${suffix}`))
}

/** Numbers stay as they are written: 18.06.0 has the tags 18, 18.06 and 18.06.0. */
const VERSION = /^(\d+)\.(\d+)\.(\d+)((?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)$/
const DATE = /^(?:\d{8}|\d{4}-\d{2}-\d{2})$/

function versionTags(tag: string, { takesDates = false }: AutoTagsInput): string[] {
  if (takesDates && DATE.test(tag)) return [tag]
  const version = tag.replace(/^v/, '')
  const [, major, minor, patch, rest = ''] = VERSION.exec(version) ?? []
  if (major === undefined || minor === undefined || patch === undefined) throw noVersion(tag)
  if (rest !== '')
    return [`${String(Number(major))}.${String(Number(minor))}.${String(Number(patch))}${rest}`]
  const all = [major, `${major}.${minor}`, `${major}.${minor}.${patch}`]
  return Number(major) === 0 ? all.slice(1) : all
}

function noVersion(tag: string): SandpiperError {
  return new SandpiperError(
    'SP_BUILD_AUTO_TAG',
    `auto_tag makes no tags of the git tag ${JSON.stringify(tag)}: it is no version such as v1.2.3`,
    { hint: 'Set `tags` instead, or build only tags that are versions.' },
  )
}

/** The tags that kaniko's `expand_tag` makes of one that is a version; others stay. */
export function expandTag(tag: string): string[] {
  const [, major, minor, patch, rest = ''] = VERSION.exec(tag.replace(/^v/, '')) ?? []
  if (major === undefined || minor === undefined || patch === undefined) return [tag]
  const version = tag.replace(/^v/, '')
  if (rest.startsWith('-')) return [version]
  return [major, `${major}.${minor}`, `${major}.${minor}.${patch}`]
}
