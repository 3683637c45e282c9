import { FORGE_KINDS } from '../forges/types.js'
import type { ForgeKind } from '../forges/types.js'

/** An account of a forge as the operator writes it: `github:ada`. */
export interface AccountName {
  readonly forge: ForgeKind
  /** In lower case. */
  readonly login: string
}

/** Whom the operator lets in: accounts, and whoever may write to a repo of an organisation. */
export interface AllowList {
  readonly accounts: readonly AccountName[]
  readonly organisations: readonly AccountName[]
}

// The same characters as an owner of repos may have, and those that GitLab's groups need.
const LOGIN = /^[a-z0-9_.][a-z0-9_.-]{0,99}$/

/** Reads `github:ada`; null when it is none. */
export function readAccount(text: string): AccountName | null {
  const [kind, login = '', ...rest] = text.trim().split(':')
  const forge = FORGE_KINDS.find((known) => known === kind)
  if (forge === undefined || rest.length > 0 || !LOGIN.test(login.toLowerCase())) return null
  return { forge, login: login.toLowerCase() }
}

/** Reads `github:ada` and, with the end `/*`, `github:octo/*` for the writers of an organisation; null when one is none. */
export function readAllowList(entries: readonly string[]): AllowList | null {
  const accounts: AccountName[] = []
  const organisations: AccountName[] = []
  for (const entry of entries) {
    const isOrganisation = entry.trim().endsWith('/*')
    const account = readAccount(isOrganisation ? entry.trim().slice(0, -2) : entry)
    if (account === null) return null
    const list = isOrganisation ? organisations : accounts
    list.push(account)
  }
  return { accounts, organisations }
}

/** Whether an account is one of a list. */
export function isListed(
  list: readonly AccountName[],
  account: { readonly forge: string; readonly login: string },
): boolean {
  const login = account.login.toLowerCase()
  return list.some((one) => one.forge === account.forge && one.login === login)
}
