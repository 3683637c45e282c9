import type { Document, MapNode } from '../parse/tree.js'

/** A tool whose files are known and not converted. */
export type OtherTool = 'GitLab CI' | 'GitHub Actions'

/** The tool that documents are written for, by their keys; undefined: none of these. */
export function otherTool(documents: readonly Document[]): OtherTool | undefined {
  const maps = documents.flatMap(({ root }) => (root.kind === 'map' ? [root] : []))
  if (maps.some(({ entries }) => OURS.some((key) => entries.has(key)))) return undefined
  if (maps.some(isGitHub)) return 'GitHub Actions'
  return maps.some(isGitLab) ? 'GitLab CI' : undefined
}

/** Keys that hold the steps, or say the kind, in every language that is read. */
const OURS = ['kind', 'steps', 'pipeline']

function isGitHub({ entries }: MapNode): boolean {
  const jobs = entries.get('jobs')?.value
  if (jobs?.kind !== 'map') return false
  return entries.has('on') || hasEntryWith(jobs, 'runs-on')
}

/** A job stands at the top, under its name, and has a `script` or is the work of another one. */
function isGitLab(root: MapNode): boolean {
  return root.entries.get('stages')?.value.kind === 'list' || hasEntryWith(root, 'script')
}

function hasEntryWith(map: MapNode, key: string): boolean {
  return [...map.entries.values()].some(
    ({ value }) => value.kind === 'map' && value.entries.has(key),
  )
}
