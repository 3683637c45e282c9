import type { AccountName, AllowList } from './accounts.js'

/** What the operator says about people. */
export interface PeopleSettings {
  /** Administrators of the installation beside those that administrators make. */
  readonly admins: readonly AccountName[]
  /** Who may sign in; null: whoever has an account at one of the forges. */
  readonly allow: AllowList | null
}
