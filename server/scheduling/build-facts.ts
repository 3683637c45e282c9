import type {
  BuildFacts,
  PreviousBuild,
  SystemFacts,
} from '../../pipelines/environment/build-environment.js'
import { pageLink } from '../links.js'
import { isFailure } from '../../protocol/status.js'
import type { BuildRow } from '../store/builds.js'
import { findBuild, previousBuild } from '../store/builds.js'
import type { Db } from '../store/database.js'
import type { RepoRow } from '../store/repos.js'
import type { StageStatusRow } from '../store/stages.js'
import { eventOf } from './stage-job.js'

/** Restarts of restarts that are counted. */
const RERUNS_MAX = 100

/** The build as conditions and variables see it, with its stages as they stand now. */
export async function buildFactsOf(
  db: Db,
  { repo, build, stages }: BuildFactsSource,
  system: SystemFacts,
): Promise<BuildFacts> {
  const { number, parent, created } = build
  const previous = await previousBuild(db, build)
  const failedStages = stages.filter((stage) => isFailure(stage.status)).map(({ name }) => name)
  return {
    ...{ number, parent, created, failedStages },
    link: linkOf(repo, number, system),
    ...timesOf(build),
    reruns: await countReruns(db, build),
    ...(previous === null ? {} : { previous: previousOf(repo, previous, system) }),
  }
}

export interface BuildFactsSource {
  readonly repo: RepoRow
  readonly build: BuildRow
  readonly stages: readonly StageStatusRow[]
}

function previousOf(repo: RepoRow, build: BuildRow, system: SystemFacts): PreviousBuild {
  const { number, parent, status, created } = build
  const link = linkOf(repo, number, system)
  return { number, parent, status, created, link, event: eventOf(build), ...timesOf(build) }
}

function linkOf({ owner, name }: RepoRow, number: number, system: SystemFacts): string {
  return pageLink(system.link, { slug: `${owner}/${name}`, number })
}

function timesOf({ started, finished }: BuildRow): { started?: number; finished?: number } {
  return { ...(started === 0 ? {} : { started }), ...(finished === 0 ? {} : { finished }) }
}

async function countReruns(db: Db, build: BuildRow): Promise<number> {
  let count = 0
  for (let parent = build.parent; parent !== 0 && count < RERUNS_MAX; count += 1) {
    parent = (await findBuild(db, build.repo_id, parent))?.parent ?? 0
  }
  return count
}
