import type { Database } from '../store/schema.js'

/**
 * Every column of the database that holds sealed text, in tables with an `id`. A new key is given to these and no
 * others, so a test looks for sealed text anywhere else.
 */
export const SEALED_COLUMNS: readonly SealedColumn[] = [
  {
    table: 'repos',
    column: 'hook_secret',
    // Released versions sealed these without an envelope; only who knows the context opens them.
    legacy: { columns: ['owner', 'name'], context: hookSecretContext },
  },
  { table: 'installation', column: 'key_check' },
  { table: 'repos', column: 'forge_token' },
  { table: 'users', column: 'access_token' },
  { table: 'users', column: 'refresh_token' },
  { table: 'secrets', column: 'data' },
  { table: 'registries', column: 'password' },
]

export interface SealedColumn {
  readonly table: keyof Database
  readonly column: string
  readonly legacy?: {
    readonly columns: readonly string[]
    readonly context: (row: { readonly owner: string; readonly name: string }) => string
  }
}

/** What a hook secret is bound to: copied to another row it opens nowhere. */
export function hookSecretContext(repo: { readonly owner: string; readonly name: string }): string {
  return `hook secret of ${repo.owner}/${repo.name}`
}

/** What a repo's token for its forge is bound to. */
export function forgeTokenContext(repo: { readonly owner: string; readonly name: string }): string {
  return `forge token of ${repo.owner}/${repo.name}`
}
