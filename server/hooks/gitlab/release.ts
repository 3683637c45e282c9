import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { decode } from '../decode.js'
import { buildsNothing } from '../reading.js'
import type { EventReading } from '../reading.js'
import { releaseReading } from '../release.js'
import { NullableString, Person, nullable } from '../shapes.js'
import { cleanEmail, cleanLine } from '../text.js'

const ReleasePayload = Compile(
  Type.Object({
    action: Type.String(),
    tag: Type.String(),
    name: NullableString,
    description: NullableString,
    url: NullableString,
    commit: nullable(Type.Object({ id: NullableString, author: nullable(Person) })),
  }),
)

/**
 * A release. It does not say who made it.
 * @throws SandpiperError SP_HOOK_BODY_INVALID
 */
export function readRelease(payload: unknown): EventReading {
  const { action, tag, name, description, url, commit } = decode(ReleasePayload, payload)
  if (action !== 'create') {
    return buildsNothing(`the action ${cleanLine(action)} of a release makes no build`)
  }
  const { author } = commit ?? {}
  return releaseReading({
    tag,
    commit: commit?.id ?? '',
    target: '',
    title: name,
    body: description,
    link: url,
    prerelease: false,
    author: { name: author?.name, email: cleanEmail(author?.email) },
    sender: author?.name ?? '',
  })
}
