import { recordAudit } from '../audit/record.js'
import type { AuditAction } from '../audit/actions.js'
import type { Principal } from '../people/principal.js'
import type { Db } from '../store/database.js'
import { inTransaction } from '../store/transaction.js'
import { registryExists, registryUnknown, secretInvalid, secretLimit } from './errors.js'
import { REGISTRIES_MAX, RULE_LENGTH_MAX } from './limits.js'
import { ofScope, scopeColumns, scopeName, type Scope } from './scope.js'
import { checkSecretValue } from './secret-rules.js'
import type { StoreOptions } from './secret-store.js'
import type { NamePage, RegistryLogin, RegistryRow, RegistryStore } from './types.js'

const COLUMNS = [
  'id',
  'repo_id',
  'namespace',
  'address',
  'username',
  'forks',
  'created',
  'updated',
] as const

/** Host and port, perhaps a path: what names of images begin with. */
const ADDRESS = /^(?=.{1,255}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?(\/[a-z0-9._-]+){0,8}$/

/** Registry logins in the database; passwords are sealed as secrets are. */
export function createRegistryStore(options: StoreOptions): RegistryStore {
  const { db } = options
  return {
    list: (scope, page) => listRegistries(db, scope, page),
    find: (scope, address) => findRegistry(db, scope, registryAddress(address)),
    create: (scope, login, actor) => createRegistry(options, scope, login, actor),
    update: (scope, address, change, actor) =>
      updateRegistry(options, { scope, address: registryAddress(address), actor }, change),
    remove: (scope, address, actor) =>
      removeRegistry(options, { scope, address: registryAddress(address), actor }),
  }
}

/** What a registry's password is bound to. */
export function registryContext(
  row: Pick<RegistryRow, 'repo_id' | 'namespace' | 'address'>,
): string {
  const owner = row.repo_id === null ? `owner ${row.namespace}` : `repo ${row.repo_id}`
  return `password for registry ${row.address} of ${owner}`
}

/** One way to write an address: Docker's own registry has several. */
export function registryAddress(text: string): string {
  const bare = text
    .trim()
    .replace(/^https?:\/\//i, '')
    .replace(/\/+$/, '')
    .toLowerCase()
  const isHub = /^(?:index\.|registry-1\.)?docker\.io(?:\/v[12])?$/.test(bare)
  return isHub ? 'docker.io' : bare.replace(/\/v[12]$/, '')
}

function listRegistries(db: Db, scope: Scope, { after, limit }: NamePage): Promise<RegistryRow[]> {
  let query = db.selectFrom('registries').select(COLUMNS).where(ofScope(scope))
  if (after !== undefined) query = query.where('address', '>', after)
  return query.orderBy('address').limit(limit).execute()
}

async function findRegistry(db: Db, scope: Scope, address: string): Promise<RegistryRow> {
  const query = db.selectFrom('registries').select(COLUMNS).where(ofScope(scope))
  const row = await query.where('address', '=', address).executeTakeFirst()
  if (row === undefined) throw registryUnknown(address, scopeName(scope))
  return row
}

async function createRegistry(
  { db, box, clock }: StoreOptions,
  scope: Scope,
  login: RegistryLogin,
  actor: Principal | null,
): Promise<RegistryRow> {
  const address = registryAddress(login.address)
  if (!ADDRESS.test(address)) throw secretInvalid('its address is no registry, HOST[:PORT]')
  checkUsername(login.username)
  checkSecretValue(login.password)
  const owner = scopeColumns(scope)
  const now = clock.now()
  const row = {
    ...{ ...owner, address, username: login.username },
    password: box.seal(login.password, registryContext({ ...owner, address })),
    ...{ forks: login.forks === true ? 1 : 0, created: now, updated: now },
  }
  return inTransaction(db, async (tx) => {
    const taken = await tx
      .selectFrom('registries')
      .select((eb) => eb.fn.countAll<number | string>().as('count'))
      .where(ofScope(scope))
      .executeTakeFirstOrThrow()
    if (Number(taken.count) >= REGISTRIES_MAX) {
      throw secretLimit('registry logins', scopeName(scope), REGISTRIES_MAX)
    }
    const added = await tx
      .insertInto('registries')
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .returning(COLUMNS)
      .executeTakeFirst()
    if (added === undefined) throw registryExists(address, scopeName(scope))
    await record(tx, 'registry.create', { scope, address, actor }, now)
    return added
  })
}

interface Which {
  readonly scope: Scope
  readonly address: string
  readonly actor: Principal | null
}

async function updateRegistry(
  { db, box, clock }: StoreOptions,
  which: Which,
  change: Partial<Omit<RegistryLogin, 'address'>>,
): Promise<RegistryRow> {
  const { scope, address } = which
  const { username, password, forks } = change
  if (username !== undefined) checkUsername(username)
  if (password !== undefined) checkSecretValue(password)
  const now = clock.now()
  const context = registryContext({ ...scopeColumns(scope), address })
  return inTransaction(db, async (tx) => {
    const row = await tx
      .updateTable('registries')
      .set({
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password: box.seal(password, context) }),
        ...(forks === undefined ? {} : { forks: forks ? 1 : 0 }),
        updated: now,
      })
      .where(ofScope(scope))
      .where('address', '=', address)
      .returning(COLUMNS)
      .executeTakeFirst()
    if (row === undefined) throw registryUnknown(address, scopeName(scope))
    await record(tx, 'registry.update', which, now)
    return row
  })
}

async function removeRegistry({ db, clock }: StoreOptions, which: Which): Promise<void> {
  const { scope, address } = which
  await inTransaction(db, async (tx) => {
    const { numDeletedRows } = await tx
      .deleteFrom('registries')
      .where(ofScope(scope))
      .where('address', '=', address)
      .executeTakeFirstOrThrow()
    if (numDeletedRows === 0n) throw registryUnknown(address, scopeName(scope))
    await record(tx, 'registry.delete', which, clock.now())
  })
}

function checkUsername(username: string): void {
  if (username === '' || username.length > RULE_LENGTH_MAX || /[:\p{Cc}]/u.test(username)) {
    throw secretInvalid('its username is empty, too long, or has a colon in it')
  }
}

function record(tx: Db, action: AuditAction, { scope, address, actor }: Which, at: number) {
  const subject = `${scopeName(scope)} ${address}`
  return recordAudit(tx, { actor, action, subject, at, repoId: scope.repo?.id ?? 0 })
}
