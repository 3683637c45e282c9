import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { authorOf } from '../account.js'
import { decode } from '../decode.js'
import { buildsNothing } from '../reading.js'
import type { EventReading } from '../reading.js'
import { releaseReading } from '../release.js'
import { Account, NullableBoolean, NullableString, nullable } from '../shapes.js'
import { cleanLine } from '../text.js'

const ReleasePayload = Compile(
  Type.Object({
    action: Type.String(),
    release: Type.Object({
      tag_name: Type.String(),
      target_commitish: NullableString,
      name: NullableString,
      body: NullableString,
      html_url: NullableString,
      prerelease: NullableBoolean,
      author: nullable(Account),
    }),
    sender: nullable(Account),
  }),
)

/**
 * A release of GitHub, Gitea or Forgejo. `published` is the one action that each release has once; GitHub sends
 * `created` and `released` beside it.
 * @throws SandpiperError SP_HOOK_BODY_INVALID
 */
export function readRelease(payload: unknown): EventReading {
  const { action, release, sender } = decode(ReleasePayload, payload)
  if (action !== 'published') {
    return buildsNothing(`a release that was ${cleanLine(action)} makes no build`)
  }
  const author = release.author ?? sender
  return releaseReading({
    tag: release.tag_name,
    commit: '',
    target: release.target_commitish,
    title: release.name,
    body: release.body,
    link: release.html_url,
    prerelease: release.prerelease ?? false,
    author: authorOf(author),
    sender: sender?.login ?? author?.login ?? '',
  })
}
