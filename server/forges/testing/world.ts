import type { TakenHook } from './hooks.js'
import type { StandInAnswer } from './stand-in.js'

/** The token of jane, the only one that the stand-in forges know. */
export const TOKEN = 'token-of-jane'

/** What jane may see there, in the order of the lists: the same on all of them. */
export const REPOS = [
  { id: 11, owner: 'octo', name: 'admin', role: 'admin', private: true },
  { id: 12, owner: 'octo', name: 'write', role: 'write', private: false },
  { id: 13, owner: 'octo', name: 'read', role: 'read', private: true },
] as const

export type WorldRepo = (typeof REPOS)[number]

/** A commit that all repos have, and the only one unless a test says another. */
export const COMMIT = 'ab'.repeat(20)

/** A status as a stand-in took it, in the order of arrival. */
export interface TakenStatus {
  readonly repo: string
  readonly commit: string
  readonly context: string
  readonly state: string
  readonly description: string
  readonly link: string
  /** Where the forge has it. */
  readonly ref?: string
}

/** What a stand-in was given. */
export class World {
  commit = COMMIT
  readonly statuses: TakenStatus[] = []
  readonly hooks: TakenHook[] = []
  /** Entries of a page, however many are asked for: lists have several pages. */
  pageSize = 2

  /** The repo that a status, or another change, is about; or the answer that it is not to be changed. */
  writable(owner: string | undefined, name: string | undefined): WorldRepo | undefined {
    return REPOS.find((one) => one.owner === owner && one.name === name && one.role !== 'read')
  }
}

/** The repo of that name. */
export function repoNamed(
  owner: string | undefined,
  name: string | undefined,
): WorldRepo | undefined {
  return REPOS.find((one) => one.owner === owner && one.name === name)
}

/** One page of a list by number, from 1, and whether there are more. */
export function pageOf<T>(
  list: readonly T[],
  page: number,
  size: number,
): { readonly items: readonly T[]; readonly hasMore: boolean } {
  const start = (page - 1) * size
  return { items: list.slice(start, start + size), hasMore: start + size < list.length }
}

/** The header `Link` to the next page, with the address that the forge knows itself by. */
export function linkToNext(url: string, query: URLSearchParams, page: number): string {
  const next = new URLSearchParams(query)
  next.set('page', String(page))
  return `<${url}?${next.toString()}>; rel="next", <${url}?page=9>; rel="last"`
}

export function json(
  status: number,
  body: unknown,
  headers?: Record<string, string>,
): StandInAnswer {
  return { status, body, ...(headers ? { headers } : {}) }
}
