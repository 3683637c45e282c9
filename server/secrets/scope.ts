import type { Expression, ExpressionBuilder, SqlBool } from 'kysely'
import type { Repo } from '../services.js'
import type { Database } from '../store/schema.js'

/** Whose a secret or a registry login is: a repo's, or all repos' of an owner. */
export type Scope =
  | { readonly repo: Pick<Repo, 'id' | 'owner' | 'name'> }
  | { readonly repo?: undefined; readonly namespace: string }

/** The scope by the name that people know it by. */
export function scopeName(scope: Scope): string {
  return scope.repo ? `${scope.repo.owner}/${scope.repo.name}` : scope.namespace
}

/** The columns that say so. Owners are the same whatever the case of their letters. */
export function scopeColumns(scope: Scope): { repo_id: number | null; namespace: string } {
  if (scope.repo) return { repo_id: scope.repo.id, namespace: '' }
  return { repo_id: null, namespace: scope.namespace.toLowerCase() }
}

/** Rows of the scope and of no other. */
export function ofScope<T extends 'secrets' | 'registries'>(
  scope: Scope,
): (eb: ExpressionBuilder<Pick<Database, 'secrets' | 'registries'>, T>) => Expression<SqlBool> {
  const { repo_id, namespace } = scopeColumns(scope)
  return (eb) => {
    const of = eb as unknown as ExpressionBuilder<Pick<Database, 'secrets'>, 'secrets'>
    if (repo_id !== null) return of('repo_id', '=', repo_id)
    return of.and([of('repo_id', 'is', null), of('namespace', '=', namespace)])
  }
}
