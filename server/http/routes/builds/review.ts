import { stageUnknown } from '../../../builds/errors.js'
import type { BuildDetail, Repo } from '../../../services.js'
import type { App, HttpContext } from '../../app-types.js'
import { buildOf, unknownBuild } from '../../lookup.js'
import { renderBuildDetail } from '../../render/build.js'
import { BuildDetail as BuildDetailSchema } from '../../schemas/build.js'
import { StageParams } from '../../schemas/build-actions.js'
import { BuildParams } from '../../schemas/params.js'
import { loginOf } from '../../who.js'

/** `POST /api/repos/:owner/:name/builds/:number/approve`, with Drone's `/:stage` too: lets a build run. */
export function approveBuild(app: App, context: HttpContext): void {
  const { builds } = context.services
  reviewRoutes(app, context, {
    verb: 'approve',
    summary: 'Let a build run that waits for approval',
    review: (repo, number, by) => builds.approve(repo, number, by),
  })
}

/** `POST /api/repos/:owner/:name/builds/:number/decline`, with Drone's `/:stage` too: ends it instead. */
export function declineBuild(app: App, context: HttpContext): void {
  const { builds } = context.services
  reviewRoutes(app, context, {
    verb: 'decline',
    summary: 'End a build that waits for approval',
    review: (repo, number, by) => builds.decline(repo, number, by),
  })
}

interface Review {
  readonly verb: 'approve' | 'decline'
  readonly summary: string
  readonly review: (repo: Repo, number: number, by: string) => Promise<BuildDetail | null>
}

function reviewRoutes(
  app: App,
  { services }: HttpContext,
  { verb, summary, review }: Review,
): void {
  const common = { summary, tags: ['builds'], response: { 200: BuildDetailSchema } }
  const path = `/repos/:owner/:name/builds/:number/${verb}`
  const config = { access: 'repo:write' } as const
  const answer = async (params: { owner: string; name: string; number: string }, by: string) => {
    const { repo } = await buildOf(services, params)
    const detail = await review(repo, Number(params.number), by)
    if (detail === null) throw unknownBuild(params)
    return renderBuildDetail(detail)
  }
  app.post(
    path,
    { config, schema: { ...common, operationId: `${verb}Build`, params: BuildParams } },
    (request) => answer(request.params, loginOf(request)),
  )
  app.post(
    `${path}/:stage`,
    {
      config,
      schema: {
        ...common,
        operationId: `${verb}Stage`,
        description: 'All stages of the build, as approval is for the whole of it.',
        params: StageParams,
      },
    },
    async (request) => {
      const { params } = request
      const { detail } = await buildOf(services, params)
      const isThere = detail.stages.some(({ stage }) => stage.number === params.stage)
      if (!isThere) throw stageUnknown(detail.build.number, String(params.stage))
      return answer(params, loginOf(request))
    },
  )
}
