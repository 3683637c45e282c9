import { invalidBody } from './decode.js'
import { commonEvent } from './push.js'
import type { Author } from './push.js'
import { builds } from './reading.js'
import type { EventReading } from './reading.js'
import { isCommitId, isFullRef } from './ref.js'
import { cleanLine, cleanText } from './text.js'

/** A published release in words that every forge's can be put in; nothing in it is checked yet. */
export interface Release {
  readonly tag: string
  /** Empty where the forge does not say: it is looked up by the tag then. */
  readonly commit: string
  /** Branch that the tag was made from, as far as the forge says. */
  readonly target: string | null | undefined
  readonly title: string | null | undefined
  readonly body: string | null | undefined
  readonly link: string | null | undefined
  readonly prerelease: boolean
  readonly author: Author
  readonly sender: string
}

/**
 * The build event of a release.
 * @throws SandpiperError SP_HOOK_BODY_INVALID when its tag is none that git accepts
 */
export function releaseReading(release: Release): EventReading {
  const ref = `refs/tags/${release.tag}`
  if (!isFullRef(ref)) throw invalidBody('release.tag_name', 'is not a tag name that git accepts')
  const target = release.target ?? ''
  const isBranch = !isCommitId(target) && isFullRef(`refs/heads/${target}`)
  const after = release.commit || target
  const branch = isBranch ? target : ''
  return builds({
    ...commonEvent(release.author, release.sender, release.link ?? ''),
    event: 'release',
    action: 'published',
    ref,
    branch,
    sourceBranch: branch,
    after: isCommitId(after) ? after : '',
    before: '',
    title: cleanLine(release.title),
    message: cleanText(release.body),
    prerelease: release.prerelease,
  })
}
