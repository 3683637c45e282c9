import { readFile } from 'node:fs/promises'

/** A range of subordinate ids of a user (subuid(5)). */
export interface SubIdRange {
  readonly start: number
  readonly count: number
}

export interface SubordinateRanges {
  readonly uids: SubIdRange
  readonly gids: SubIdRange
  /** Ids that both have. */
  readonly count: number
}

/** Ids of one stage: as many as an ordinary system has. */
export const IDS_WANTED = 65_536

/** Directory of subuid and subgid; tests have their own. */
const DIRECTORY = '/etc'

/**
 * The largest range of subordinate user ids of a user, and of group ids.
 * @param user name and id: the files may have either
 * @returns null when there are none of one kind
 */
export async function findSubIds(
  user: { readonly name: string; readonly uid: number },
  directory = DIRECTORY,
): Promise<SubordinateRanges | null> {
  const [uids, gids] = await Promise.all(
    ['subuid', 'subgid'].map(async (file) => {
      const text = await readFile(`${directory}/${file}`, 'utf8').catch(() => '')
      return largest(rangesOf(text, user))
    }),
  )
  if (!uids || !gids) return null
  return { uids, gids, count: Math.min(uids.count, gids.count, IDS_WANTED) }
}

/** The ranges in the text of /etc/subuid or /etc/subgid that are the user's. */
export function rangesOf(
  text: string,
  { name, uid }: { readonly name: string; readonly uid: number },
): readonly SubIdRange[] {
  return text.split('\n').flatMap((line) => {
    const [owner, start = '', count = ''] = line.trim().split(':')
    const isOurs = owner === name || owner === String(uid)
    const isRange = /^\d{1,10}$/.test(start) && /^\d{1,10}$/.test(count) && Number(count) > 0
    return isOurs && isRange ? [{ start: Number(start), count: Number(count) }] : []
  })
}

function largest(ranges: readonly SubIdRange[]): SubIdRange | undefined {
  return [...ranges].sort((a, b) => b.count - a.count)[0]
}
