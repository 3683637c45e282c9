import { Type } from 'typebox'
import type { Static } from 'typebox'
import type { Author } from '../push.js'
import { NullableId, NullableString, nullable } from '../shapes.js'

/** A repo. */
export const ServerRepo = Type.Object({
  id: NullableId,
  slug: NullableString,
  project: nullable(Type.Object({ key: NullableString })),
  links: nullable(
    Type.Object({ self: nullable(Type.Array(Type.Object({ href: NullableString }))) }),
  ),
})
export type ServerRepo = Static<typeof ServerRepo>

/** An account, or who git says it was. */
export const ServerAccount = Type.Object({
  name: NullableString,
  slug: NullableString,
  displayName: NullableString,
  emailAddress: NullableString,
})
type ServerAccount = Static<typeof ServerAccount>

/** `KEY/slug`, or null. */
export function slugOf(repo: ServerRepo | null | undefined): string | null {
  return repo?.slug && repo.project?.key ? `${repo.project.key}/${repo.slug}` : null
}

/** Web address of a repo without the page at its end, or nothing. */
export function pageOf(repo: ServerRepo | null | undefined): string {
  return (repo?.links?.self?.[0]?.href ?? '').replace(/\/browse\/?$/, '')
}

/** Name that an account is known by. */
export function loginOf(account: ServerAccount | null | undefined): string {
  return account?.slug ?? account?.name ?? ''
}

/** The account as an author. */
export function authorOf(account: ServerAccount | null | undefined): Author {
  return {
    // Who is none of the server's users has git's name only.
    login: account?.slug ?? (account?.displayName ? account.name : ''),
    name: account?.displayName ?? account?.name,
    email: account?.emailAddress,
  }
}
