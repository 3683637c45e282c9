import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { buildDirectory, loadAddon } from './addon.js'
import { fromAddon } from './error.js'

/** PROC_USER_INIT_INO of the kernel; a part of its interface as USER_NS_INIT_INO since 6.18. */
const INITIAL_USER_NAMESPACE = 0xeffffffd

/** Ids of one stage: as many as an ordinary system has (0..65535). */
const STAGE_IDS_MAX = 65_536

/** `count` ids from `inside` on are the ids from `outside` on of the namespace around. */
export interface IdExtent {
  readonly inside: number
  readonly outside: number
  readonly count: number
}

/** Ids, as this process sees them, that stages may have, and what they are outside. */
export interface SubordinateIds {
  readonly start: number
  readonly count: number
  /** The host's ids (or those of the namespace around) that `start` stands for. */
  readonly outside: { readonly uid: number; readonly gid: number }
}

/** Whether this process is in the host's own user namespace. */
export function isInHostUserNamespace(): boolean {
  return statSync('/proc/self/ns/user').ino === INITIAL_USER_NAMESPACE
}

/** Whether this process is root of a user namespace that is not the host's own. */
export function isNamespaceRoot(): boolean {
  return process.geteuid?.() === 0 && !isInHostUserNamespace()
}

/**
 * The one range of ids that all stages have when this process is root of a user namespace: the largest
 * one without that root's own id. All have the same, because the layers on disk can belong to one range
 * only where mounts can't map ids; other namespaces keep the stages apart.
 * @returns null when the namespace has no other ids than its root's
 */
export function namespaceStageIds(): SubordinateIds | null {
  return stageIdsOf(readIdMap('uid'), readIdMap('gid'))
}

/** The same for given maps. */
export function stageIdsOf(
  uids: readonly IdExtent[],
  gids: readonly IdExtent[],
): SubordinateIds | null {
  const found = uids.flatMap((uid) => gids.map((gid) => common(uid, gid)))
  const best = found.reduce((a, b) => (b.count > a.count ? b : a), { start: 0, count: 0 })
  if (best.count <= 0) return null
  const uid = outsideOf(best.start, uids) ?? 0
  const gid = outsideOf(best.start, gids) ?? 0
  return { ...best, outside: { uid, gid } }
}

/** What both have, without id 0. */
function common(a: IdExtent, b: IdExtent): { readonly start: number; readonly count: number } {
  const start = Math.max(a.inside, b.inside, 1)
  const end = Math.min(a.inside + a.count, b.inside + b.count)
  return { start, count: Math.min(end - start, STAGE_IDS_MAX) }
}

function outsideOf(id: number, map: readonly IdExtent[]): number | null {
  const extent = map.find(({ inside, count }) => id >= inside && id < inside + count)
  return extent === undefined ? null : extent.outside + id - extent.inside
}

function readIdMap(kind: 'uid' | 'gid'): readonly IdExtent[] {
  return parseIdMap(readFileSync(`/proc/self/${kind}_map`, 'utf8'))
}

/** The text of /proc/PID/uid_map (user_namespaces(7)). */
export function parseIdMap(text: string): readonly IdExtent[] {
  return text
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([inside, outside, count]) =>
      inside === undefined || outside === undefined || count === undefined
        ? []
        : [{ inside, outside, count }],
    )
}

/** How a program is to be run in a user namespace. */
export interface EnterOptions {
  /** First of the subordinate ids that become 1..count inside; the calling user becomes 0. */
  readonly uid: number
  readonly gid: number
  readonly count: number
  /** Program, by its absolute path, and arguments. */
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Variable in which the program is told why it is not in a namespace of its own. */
export const ENTER_FAILURE = 'SANDPIPER_ENTER_FAILURE'

/** The command line that does it, for a child process. */
export function enterCommand({ uid, gid, count, argv }: EnterOptions): readonly string[] {
  const launcher = join(buildDirectory(), 'sandpiper-launcher')
  return [launcher, 'enter', String(uid), String(gid), String(count), ...argv]
}

/**
 * Goes on as another program, in a user namespace in which the calling user is root: the same process
 * with the same terminal and streams. When the namespace can't be made the program runs all the same,
 * where this one did, with the reason in the variable ENTER_FAILURE.
 * @throws NativeError when the program that does it can't be executed; it does not return
 */
export function enterUserNamespace(options: EnterOptions): never {
  const argv = enterCommand(options)
  const env = Object.entries(options.env).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  )
  try {
    return loadAddon().execute(argv[0] ?? '', argv, env)
  } catch (error) {
    throw fromAddon(error)
  }
}
