import type { Static } from 'typebox'
import type { Author } from './push.js'
import type { Account } from './shapes.js'

type AnyAccount = Static<typeof Account> | null | undefined

/** An account as the author of something. */
export function authorOf(account: AnyAccount): Author {
  return {
    login: loginOf(account),
    name: account?.full_name,
    email: account?.email,
    avatar: account?.avatar_url,
  }
}

/** What it is called; old Gitea has it in `username`. */
export function loginOf(account: AnyAccount): string | undefined {
  return account?.login ?? account?.username ?? undefined
}
