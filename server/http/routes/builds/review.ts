import { stageUnknown } from '../../../builds/errors.js'
import type { App, HttpContext } from '../../app-types.js'
import { buildOf, unknownBuild } from '../../lookup.js'
import { renderBuildDetail } from '../../render/build.js'
import { BuildDetail } from '../../schemas/build.js'
import { StageParams } from '../../schemas/build-actions.js'
import { BuildParams } from '../../schemas/params.js'
import { loginOf } from '../../who.js'

/** `POST /api/repos/:owner/:name/builds/:number/approve`, with Drone's `/:stage` too: lets a build run. */
export const approveBuild = reviewRoutes('approve', 'Let a build run that waits for approval')

/** `POST /api/repos/:owner/:name/builds/:number/decline`, with Drone's `/:stage` too: ends it instead. */
export const declineBuild = reviewRoutes('decline', 'End a build that waits for approval')

function reviewRoutes(verb: 'approve' | 'decline', summary: string) {
  const common = { summary, tags: ['builds'], response: { 200: BuildDetail } }
  const path = `/repos/:owner/:name/builds/:number/${verb}`
  const config = { access: 'repo:write' } as const
  return (app: App, { services }: HttpContext): void => {
    const answer = async (params: { owner: string; name: string; number: string }, by: string) => {
      const { repo } = await buildOf(services, params)
      const detail = await services.builds[verb](repo, Number(params.number), by)
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
}
