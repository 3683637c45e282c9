import { describe, it } from '@jest/globals'
import { accessSync, constants, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isInHostUserNamespace } from '../user-namespace.js'

/** Tests of what only the host's root can do, and root of a user namespace can not. */
export const itOnHost = isInHostUserNamespace() ? it : it.skip

/** Whether sandboxes can be limited here: not for an ordinary user who has no cgroup of his own. */
export const HAS_LIMITS = isInHostUserNamespace() || hasDelegatedCgroup()

/** Tests of limits, and of what cgroups measure. */
export const itLimited = HAS_LIMITS ? it : it.skip
export const describeLimited = HAS_LIMITS ? describe : describe.skip

function hasDelegatedCgroup(): boolean {
  const path = /^0::\/(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1]
  if (path === undefined) return false
  const directory = join('/sys/fs/cgroup', path.replace(/\/?sandpiper-processes$/, ''))
  try {
    accessSync(join(directory, 'cgroup.subtree_control'), constants.W_OK)
    return /\bmemory\b/.test(readFileSync(join(directory, 'cgroup.controllers'), 'utf8'))
  } catch {
    return false
  }
}
