import type { Build, Repo } from '../services.js'
import type { CronRow } from '../store/crons.js'

export type Cron = CronRow

/** What a cron is made of. */
export interface NewCron {
  readonly name: string
  /** As crontab(5) has it, or `@daily` and the like. */
  readonly expr: string
  /** IANA name; default UTC. */
  readonly timezone?: string
  /** Default: the repo's default branch. */
  readonly branch?: string
  /** Environment to deploy to. */
  readonly target?: string
  readonly disabled?: boolean
}

export type CronChange = Partial<Omit<NewCron, 'name'>>

/** Builds at fixed times. */
export interface CronService {
  list(repo: Repo): Promise<readonly Cron[]>
  find(repo: Repo, name: string): Promise<Cron | null>
  /** @throws SandpiperError SP_CRON_INVALID, SP_CRON_EXISTS */
  add(repo: Repo, cron: NewCron): Promise<Cron>
  /** Null when there is none. @throws SandpiperError SP_CRON_INVALID */
  update(repo: Repo, name: string, change: CronChange): Promise<Cron | null>
  remove(repo: Repo, name: string): Promise<boolean>
  /** Makes its build now, whether it is disabled or not; null when there is none. */
  run(repo: Repo, name: string, by: string): Promise<Build | null>
}
