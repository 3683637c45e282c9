import { ENTER_FAILURE, enterUserNamespace, ENTERED_FROM } from '../../native/lib/user-namespace.js'
import { messageOf } from '../../protocol/errors.js'
import { findSubIds } from './sub-ids.js'

/** The process as the edge finds it. */
export interface ProcessFacts {
  readonly user: { readonly name: string; readonly uid: number }
  /** The command line that made it. */
  readonly argv: readonly string[]
  /** Cleared of what is in `entered`. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly entered: Entered
}

/** What the launcher tells a program about the user namespace that it was to make for it. */
export interface Entered {
  /** The user outside; null: it was not asked for, or failed. */
  readonly from: number | null
  /** Why there is none; null: it was not asked for, or works. */
  readonly failure: string | null
}

/** Reads and removes the variables: no child has a use for them. */
export function takeEntered(env: NodeJS.ProcessEnv): Entered {
  const { [ENTERED_FROM]: from, [ENTER_FAILURE]: failure = null } = env
  Reflect.deleteProperty(env, ENTERED_FROM)
  Reflect.deleteProperty(env, ENTER_FAILURE)
  return { from: from === undefined ? null : Number(from), failure }
}

/**
 * Makes an ordinary user root of a user namespace: the process goes on there from its beginning, with the
 * same command line, so that this does not return then.
 * @returns why the user can't be that; null for root, of the host or of a namespace
 */
export async function becomeRoot({
  user,
  argv,
  env,
  entered,
}: ProcessFacts): Promise<string | null> {
  if (user.uid === 0) return null
  if (entered.failure !== null) return entered.failure
  const ids = await findSubIds(user)
  if (ids === null) return `user ${user.name} has no subordinate ids in /etc/subuid and /etc/subgid`
  const { uids, gids, count } = ids
  try {
    return enterUserNamespace({ uid: uids.start, gid: gids.start, count, argv, env })
  } catch (error) {
    return messageOf(error)
  }
}
