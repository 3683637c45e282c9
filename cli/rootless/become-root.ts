import { ENTER_FAILURE, enterUserNamespace } from '../../native/lib/user-namespace.js'
import { messageOf } from '../../protocol/errors.js'
import { findSubIds } from './sub-ids.js'

/** An ordinary user, or root. */
export interface User {
  readonly name: string
  readonly uid: number
}

/** What a process that was executed anew learns of the one before. */
export interface Entered {
  /** The user outside of the namespace, or who was to get one; null: it was not executed anew. */
  readonly user: User | null
  /** Why there is no namespace; null: there is, or none was asked for. */
  readonly failure: string | null
}

/** Variable for it: `UID:NAME`. */
const USER = 'SANDPIPER_ENTER_USER'

/** Reads and removes the variables: no child has a use for them. */
export function takeEntered(env: NodeJS.ProcessEnv): Entered {
  const { [USER]: user = '', [ENTER_FAILURE]: failure = null } = env
  Reflect.deleteProperty(env, USER)
  Reflect.deleteProperty(env, ENTER_FAILURE)
  const [, uid, name] = /^(\d+):(.+)$/.exec(user) ?? []
  if (uid === undefined || name === undefined) return { user: null, failure: null }
  return { user: { uid: Number(uid), name }, failure }
}

/** The process as the edge finds it. */
export interface ProcessFacts {
  /** Who runs it, here and now. */
  readonly user: User
  /** The command line that made it. */
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly entered: Entered
}

/**
 * Makes an ordinary user root of a user namespace: the process goes on there from its beginning, with the
 * same command line, so that this does not return then.
 * @returns why the user can't be that; null for root, of the host or of a namespace
 */
export async function becomeRoot(facts: ProcessFacts): Promise<string | null> {
  const { user, argv, env, entered } = facts
  if (user.uid === 0) return null
  if (entered.failure !== null) return entered.failure
  const ids = await findSubIds(user)
  if (ids === null) return `user ${user.name} has no subordinate ids in /etc/subuid and /etc/subgid`
  const { uids, gids, count } = ids
  const marked = { ...env, [USER]: `${user.uid}:${user.name}` }
  try {
    return enterUserNamespace({ uid: uids.start, gid: gids.start, count, argv, env: marked })
  } catch (error) {
    return messageOf(error)
  }
}
