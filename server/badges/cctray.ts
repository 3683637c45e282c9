import type { Status } from '../../protocol/status.js'
import { isTerminal } from '../../protocol/status.js'
import type { Build } from '../services.js'

/** What a repo's builds look like to programs that watch them. */
export interface WatchedRepo {
  /** `owner/name`. */
  readonly slug: string
  readonly link: string
  readonly newest: Build | null
  /** The newest one that has ended. */
  readonly ended: Build | null
}

/** The format of CruiseControl's cc.xml, which CCMenu and its like read: https://cctray.org/v1/ */
export function cctray({ slug, link, newest, ended }: WatchedRepo): string {
  const isBuilding = newest !== null && !isTerminal(newest.status)
  const attributes = {
    name: slug,
    activity: isBuilding ? 'Building' : 'Sleeping',
    lastBuildStatus: ended === null ? 'Unknown' : statusOf(ended.status),
    lastBuildLabel: ended === null ? '' : String(ended.number),
    lastBuildTime: new Date(ended?.finished ?? 0).toISOString(),
    webUrl: link,
  }
  const text = Object.entries(attributes).map(([name, value]) => `${name}="${escape(value)}"`)
  return `<?xml version="1.0" encoding="utf-8"?>\n<Projects><Project ${text.join(' ')}/></Projects>\n`
}

function statusOf(status: Status): string {
  if (status === 'success') return 'Success'
  if (status === 'failure') return 'Failure'
  return status === 'error' ? 'Exception' : 'Unknown'
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
