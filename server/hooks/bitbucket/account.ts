import { Type } from 'typebox'
import type { Static } from 'typebox'
import type { Author } from '../push.js'
import { NullableString, nullable } from '../shapes.js'

const Link = nullable(Type.Object({ href: NullableString }))

/** Links of anything. */
export const Links = nullable(Type.Object({ html: Link, avatar: Link }))

/** An account. Those of people have had no `username` since 2019. */
export const BitbucketAccount = Type.Object({
  username: NullableString,
  nickname: NullableString,
  display_name: NullableString,
  links: Links,
})
type BitbucketAccount = Static<typeof BitbucketAccount>

/** Name that an account is known by. */
export function loginOf(account: BitbucketAccount | null | undefined): string {
  return account?.username ?? account?.nickname ?? ''
}

/** The account as an author. */
export function authorOf(account: BitbucketAccount | null | undefined): Author {
  return {
    login: loginOf(account),
    name: account?.display_name,
    avatar: account?.links?.avatar?.href,
  }
}
