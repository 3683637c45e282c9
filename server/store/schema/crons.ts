import type { Generated } from 'kysely'

export interface CronTable {
  id: Generated<number>
  repo_id: number
  /** Unique per repo. */
  name: string
  /** Five or six fields as crontab(5) has them, or `@daily` and the like. */
  expr: string
  /** IANA name; empty: UTC. */
  timezone: string
  branch: string
  /** Environment to deploy to, or empty. */
  target: string
  disabled: Generated<number>
  /** When it is due: Unix milliseconds, and what makes a tick one build, however many servers look. */
  next: number
  /** When it last made a build; 0: never. */
  prev: number
  /** Number of that build; 0: none. */
  last_build: Generated<number>
  /** Counts its changes. */
  version: Generated<number>
  created: number
  updated: number
}
