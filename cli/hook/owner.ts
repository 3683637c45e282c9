import { readFile, stat } from 'node:fs/promises'

/** Whom a file belongs to. */
export interface Owner {
  readonly uid: number
  readonly gid: number
  /** The user's name, or `uid N` for one without. */
  readonly name: string
}

/** Reads the owner of what a path names. @throws what stat(2) refuses */
export async function ownerOf(path: string): Promise<Owner> {
  const { uid, gid } = await stat(path)
  return { uid, gid, name: await userName(uid) }
}

async function userName(uid: number): Promise<string> {
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '')
  const line = passwd.split('\n').find((entry) => entry.split(':')[2] === String(uid))
  return line?.split(':')[0] ?? `uid ${uid}`
}

/**
 * Does the work with the owner's rights when root asks for it, else with the caller's own. What the owner of
 * a directory puts in root's way there, such as a link to elsewhere, can then do no more than the owner can.
 * The whole process has these rights meanwhile (credentials(7)): nothing else may be under way.
 */
export async function actAs<T>(owner: Owner, work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0 || owner.uid === 0) return work()
  const groups = process.getgroups?.() ?? []
  const gid = process.getegid?.() ?? 0
  process.setgroups?.([owner.gid])
  process.setegid?.(owner.gid)
  process.seteuid?.(owner.uid)
  try {
    return await work()
  } finally {
    process.seteuid?.(0)
    process.setegid?.(gid)
    process.setgroups?.(groups)
  }
}
