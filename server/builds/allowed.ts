import type { RepoRow } from '../store/repos.js'

/** All that the steps of a repo may reach outside; null: what the runner lets all. */
export function allowedOf({ network_allow: text }: RepoRow): readonly string[] | null {
  return text === null ? null : (JSON.parse(text) as string[])
}
