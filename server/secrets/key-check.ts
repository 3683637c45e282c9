import { SandpiperError } from '../../protocol/errors.js'
import type { Db } from '../store/database.js'
import { findRepoSecret } from '../store/repos.js'
import type { SecretBox } from './box.js'
import { hookSecretContext } from './sealed-columns.js'

const TEXT = 'sandpiper'
const CONTEXT = 'key check'
const ROW = 1

/**
 * Makes sure that the keys of this server are those that the database was sealed with: another server's, or a fresh
 * file after a restore, would open nothing and seal what nobody else can open.
 * @throws SandpiperError SP_SECRET_KEY_WRONG
 */
export async function checkKeys(db: Db, box: SecretBox): Promise<void> {
  const query = db.selectFrom('installation').select('key_check').where('id', '=', ROW)
  const known = await query.executeTakeFirst()
  if (known) {
    open(box, known.key_check, CONTEXT)
    return
  }
  // A database from before there was this check.
  const repo = await findRepoSecret(db)
  if (repo) open(box, repo.hook_secret, hookSecretContext(repo))
  await db
    .insertInto('installation')
    .values({ id: ROW, key_check: box.seal(TEXT, CONTEXT) })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute()
  // Of two servers that come first together, one was faster.
  open(box, (await query.executeTakeFirstOrThrow()).key_check, CONTEXT)
}

function open(box: SecretBox, sealed: string, context: string): void {
  try {
    box.open(sealed, context)
  } catch (error) {
    throw new SandpiperError(
      'SP_SECRET_KEY_WRONG',
      'open the database: it was sealed with another key than this server has',
      {
        hint:
          'Give every server on a database the same key file: copy `server.key` of the data directory, or point ' +
          'SANDPIPER_SECRET_KEY_FILE at a shared one. After a restore it is the one in the backup.',
        cause: error,
      },
    )
  }
}
