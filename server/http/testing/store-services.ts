import { randomBytes } from 'node:crypto'
import type { BuildEvent } from '../../../pipelines/event.js'
import { SandpiperError } from '../../../protocol/errors.js'
import type { SecretBox } from '../../secrets/box.js'
import type {
  Build,
  BuildDetail,
  BuildService,
  DeliveryResult,
  NewDelivery,
  Repo,
  RepoService,
} from '../../services.js'
import {
  findBuild,
  findBuildById,
  insertBuild,
  listBuilds,
  updateBuild,
} from '../../store/builds.js'
import type { Db } from '../../store/database.js'
import { findDelivery, insertDelivery } from '../../store/deliveries.js'
import {
  deleteRepo,
  findRepo,
  insertRepo,
  listRepos,
  nextBuildNumber,
  sealedHookSecrets,
} from '../../store/repos.js'
import { stagesOfBuild } from '../../store/stages.js'
import { stepsOfStage } from '../../store/steps.js'

/** Repos straight on the store, without mirrors and queues. */
export function storeRepos(db: Db, box: SecretBox): RepoService {
  return {
    find: (owner, name) => findRepo(db, owner, name),
    list: () => listRepos(db),
    add: async ({ owner, name, cloneUrl, ...rest }) => {
      const hookSecret = rest.hookSecret ?? randomBytes(16).toString('hex')
      const repo = await insertRepo(db, {
        owner,
        name,
        clone_url: cloneUrl,
        allow_file_transport: 0,
        default_branch: rest.defaultBranch ?? 'main',
        link: rest.link ?? '',
        private: 0,
        hook_secret: box.seal(hookSecret, `${owner}/${name}`),
        active: 1,
        counter: 0,
        timeout_ms: 3_600_000,
        created: Date.now(),
        updated: Date.now(),
      })
      if (repo === null) throw new SandpiperError('SP_REPO_EXISTS', `${owner}/${name} exists`)
      return { repo, hookSecret }
    },
    remove: async (owner, name) => {
      const repo = await findRepo(db, owner, name)
      if (repo !== null) await deleteRepo(db, repo.id)
      return repo !== null
    },
    hookSecrets: async (slug) => {
      const [owner = '', name = ''] = slug?.split('/') ?? []
      const rows = await sealedHookSecrets(db, slug === undefined ? undefined : { owner, name })
      return rows.map(({ repo, sealed }) => ({
        repo,
        secret: box.open(sealed, `${repo.owner}/${repo.name}`),
      }))
    },
  }
}

/** Builds straight on the store, without queues and runners. */
export function storeBuilds(db: Db): BuildService {
  return {
    accept: (repo, delivery, event, reason) => accept(db, repo, delivery, event, reason),
    list: (repo, page) => listBuilds(db, repo.id, page),
    find: async (repo, number) => detailOf(db, await findBuild(db, repo.id, number)),
    latest: async (repo) => {
      const [build] = await listBuilds(db, repo.id, { limit: 1, offset: 0 })
      return detailOf(db, build ?? null)
    },
    restart: async (repo, number) => {
      const build = await findBuild(db, repo.id, number)
      if (build === null) return null
      return newBuild(db, repo, JSON.parse(build.event_json) as BuildEvent, number)
    },
    cancel: async (repo, number) => {
      const build = await findBuild(db, repo.id, number)
      if (build !== null) await updateBuild(db, build.id, { status: 'killed', updated: Date.now() })
      return detailOf(db, await findBuild(db, repo.id, number))
    },
  }
}

async function accept(
  db: Db,
  repo: Repo,
  delivery: NewDelivery,
  event: BuildEvent | null,
  reason: string,
): Promise<DeliveryResult> {
  const known = await findDelivery(db, { repoId: repo.id, ...delivery })
  if (known !== null) {
    const build = known.build_id === null ? null : await findBuildById(db, known.build_id)
    return { duplicate: true, build, reason: known.reason }
  }
  const build = event === null ? null : await newBuild(db, repo, event, 0)
  await insertDelivery(db, {
    repo_id: repo.id,
    forge: delivery.forge,
    delivery_id: delivery.deliveryId,
    body_sha256: delivery.bodySha256,
    event: delivery.event,
    received: Date.now(),
    build_id: build?.id ?? null,
    reason,
  })
  return { duplicate: false, build, reason }
}

async function newBuild(db: Db, repo: Repo, event: BuildEvent, parent: number): Promise<Build> {
  const number = (await nextBuildNumber(db, repo.id, Date.now())) ?? 0
  return insertBuild(db, {
    repo_id: repo.id,
    number,
    parent,
    status: 'pending',
    error: '',
    event_json: JSON.stringify(event),
    event: event.event,
    ref: event.ref,
    branch: event.branch,
    after: event.after,
    plan_json: null,
    created: Date.now(),
    started: 0,
    finished: 0,
    updated: Date.now(),
  })
}

async function detailOf(db: Db, build: Build | null): Promise<BuildDetail | null> {
  if (build === null) return null
  const stages = await stagesOfBuild(db, build.id)
  return {
    build,
    stages: await Promise.all(
      stages.map(async (stage) => ({ stage, steps: await stepsOfStage(db, stage.id) })),
    ),
  }
}
