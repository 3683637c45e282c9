import { recordAudit } from '../audit/record.js'
import type { AuditAction } from '../audit/actions.js'
import type { Clock } from '../clock.js'
import type { Principal } from '../people/principal.js'
import type { Db } from '../store/database.js'
import { inTransaction } from '../store/transaction.js'
import type { SecretBox } from './box.js'
import { secretExists, secretLimit, secretUnknown } from './errors.js'
import { SECRETS_MAX } from './limits.js'
import { ofScope, scopeColumns, scopeName, type Scope } from './scope.js'
import { RULE_DEFAULTS, ruleColumns } from './secret-columns.js'
import { checkSecretName, checkSecretRules, checkSecretValue } from './secret-rules.js'
import type { NamePage, SecretRow, SecretRules, SecretStore } from './types.js'

export interface StoreOptions {
  readonly db: Db
  readonly box: SecretBox
  readonly clock: Clock
}

const COLUMNS = [
  'id',
  'repo_id',
  'namespace',
  'name',
  'pull_request',
  'pull_request_push',
  'events_json',
  'images_json',
  'branches_json',
  'created',
  'updated',
] as const

/** Secrets in the database. Values are sealed for the place that they are kept in: copied elsewhere they open nowhere. */
export function createSecretStore(options: StoreOptions): SecretStore {
  return {
    list: (scope, page) => listSecrets(options.db, scope, page),
    listOfOwners: (page) => listOfOwners(options.db, page),
    find: (scope, name) => findSecret(options.db, scope, name),
    create: (scope, secret, actor) => createSecret(options, scope, secret, actor),
    update: (scope, name, change, actor) => updateSecret(options, { scope, name, actor }, change),
    remove: (scope, name, actor) => removeSecret(options, scope, name, actor),
  }
}

/** What the value of a secret is bound to. */
export function secretContext(row: Pick<SecretRow, 'repo_id' | 'namespace' | 'name'>): string {
  const owner = row.repo_id === null ? `owner ${row.namespace}` : `repo ${row.repo_id}`
  return `secret ${row.name} of ${owner}`
}

function listSecrets(db: Db, scope: Scope, { after, limit }: NamePage): Promise<SecretRow[]> {
  let query = db.selectFrom('secrets').select(COLUMNS).where(ofScope(scope))
  if (after !== undefined) query = query.where('name', '>', after)
  return query.orderBy('name').limit(limit).execute()
}

function listOfOwners(
  db: Db,
  { after, limit }: { readonly after?: number; readonly limit: number },
): Promise<SecretRow[]> {
  let query = db.selectFrom('secrets').select(COLUMNS).where('repo_id', 'is', null)
  if (after !== undefined) query = query.where('id', '>', after)
  return query.orderBy('id').limit(limit).execute()
}

async function findSecret(db: Db, scope: Scope, name: string): Promise<SecretRow> {
  const query = db.selectFrom('secrets').select(COLUMNS).where(ofScope(scope))
  const row = await query.where('name', '=', name).executeTakeFirst()
  if (row === undefined) throw secretUnknown(name, scopeName(scope))
  return row
}

async function createSecret(
  { db, box, clock }: StoreOptions,
  scope: Scope,
  secret: SecretRules & { readonly name: string; readonly data: string },
  actor: Principal | null,
): Promise<SecretRow> {
  const { name, data } = secret
  checkSecretName(name)
  checkSecretValue(data)
  checkSecretRules(secret)
  const owner = scopeColumns(scope)
  const now = clock.now()
  const row = {
    ...{ ...owner, name, ...RULE_DEFAULTS, ...ruleColumns(secret) },
    data: box.seal(data, secretContext({ ...owner, name })),
    ...{ created: now, updated: now },
  }
  return inTransaction(db, async (tx) => {
    const taken = await tx
      .selectFrom('secrets')
      .select((eb) => eb.fn.countAll<number | string>().as('count'))
      .where(ofScope(scope))
      .executeTakeFirstOrThrow()
    if (Number(taken.count) >= SECRETS_MAX) {
      throw secretLimit('secrets', scopeName(scope), SECRETS_MAX)
    }
    const added = await tx
      .insertInto('secrets')
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .returning(COLUMNS)
      .executeTakeFirst()
    if (added === undefined) throw secretExists(name, scopeName(scope))
    await record(tx, 'secret.create', { scope, name, actor, detail: rulesOf(secret), at: now })
    return added
  })
}

async function updateSecret(
  { db, box, clock }: StoreOptions,
  { scope, name, actor }: { scope: Scope; name: string; actor: Principal | null },
  change: SecretRules & { readonly data?: string },
): Promise<SecretRow> {
  const { data } = change
  if (data !== undefined) checkSecretValue(data)
  checkSecretRules(change)
  const now = clock.now()
  const context = secretContext({ ...scopeColumns(scope), name })
  const sealed = data === undefined ? {} : { data: box.seal(data, context) }
  return inTransaction(db, async (tx) => {
    const row = await tx
      .updateTable('secrets')
      .set({ ...ruleColumns(change), ...sealed, updated: now })
      .where(ofScope(scope))
      .where('name', '=', name)
      .returning(COLUMNS)
      .executeTakeFirst()
    if (row === undefined) throw secretUnknown(name, scopeName(scope))
    const detail = { ...rulesOf(change), value: data !== undefined }
    await record(tx, 'secret.update', { scope, name, actor, detail, at: now })
    return row
  })
}

async function removeSecret(
  { db, clock }: StoreOptions,
  scope: Scope,
  name: string,
  actor: Principal | null,
): Promise<void> {
  await inTransaction(db, async (tx) => {
    const { numDeletedRows } = await tx
      .deleteFrom('secrets')
      .where(ofScope(scope))
      .where('name', '=', name)
      .executeTakeFirstOrThrow()
    if (numDeletedRows === 0n) throw secretUnknown(name, scopeName(scope))
    await record(tx, 'secret.delete', { scope, name, actor, detail: {}, at: clock.now() })
  })
}

/** The rules that were given, for the audit log. */
function rulesOf(rules: SecretRules): Record<string, unknown> {
  const { pullRequest, events, images, branches } = rules
  return { pull_request: pullRequest, events, images, branches }
}

function record(
  tx: Db,
  action: AuditAction,
  entry: {
    readonly scope: Scope
    readonly name: string
    readonly actor: Principal | null
    readonly detail: Record<string, unknown>
    readonly at: number
  },
): Promise<void> {
  const { scope, name, ...rest } = entry
  const subject = `${scopeName(scope)} ${name}`
  return recordAudit(tx, { ...rest, action, subject, repoId: scope.repo?.id ?? 0 })
}
