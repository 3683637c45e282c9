import type { NewBuild } from '../../../builds/types.js'
import type { App, HttpContext } from '../../app-types.js'
import { repoOf } from '../../lookup.js'
import { renderBuild } from '../../render/build.js'
import { Build } from '../../schemas/build.js'
import { CreateBody, CreateQuery, paramsOf } from '../../schemas/build-actions.js'
import { RepoParams } from '../../schemas/params.js'
import { loginOf } from '../../who.js'

/** `POST /api/repos/:owner/:name/builds`: builds a branch, a tag or a commit by hand. */
export function createBuild(app: App, { services }: HttpContext): void {
  const schema = {
    operationId: 'createBuild',
    summary: 'Build a branch, a tag or a commit',
    description:
      'The event is `custom`. Further names in the query, or `params` in the body, become variables. A tag is ' +
      'named in the body alone: `?tag=` is a variable, as in Drone. A commit has to be on the branch or tag.',
    tags: ['builds'],
    params: RepoParams,
    querystring: CreateQuery,
    body: CreateBody,
    response: { 200: Build },
  }
  app.post(
    '/repos/:owner/:name/builds',
    { schema, config: { access: 'repo:write' } },
    async (request) => {
      const repo = await repoOf(services, request.params)
      const build = await services.builds.create(repo, newBuild(request), loginOf(request))
      return renderBuild(build)
    },
  )
}

function newBuild({
  query,
  body,
}: {
  readonly query: { readonly branch?: string; readonly commit?: string }
  readonly body: {
    readonly branch?: string
    readonly tag?: string
    readonly commit?: string
    readonly params?: Readonly<Record<string, string | number | boolean>>
  } | null
}): NewBuild {
  const branch = body?.branch ?? query.branch
  const commit = body?.commit ?? query.commit
  return {
    ...(branch === undefined ? {} : { branch }),
    ...(body?.tag === undefined ? {} : { tag: body.tag }),
    ...(commit === undefined ? {} : { commit }),
    params: { ...paramsOf(query), ...textsOf(body?.params ?? {}) },
  }
}

function textsOf(
  params: Readonly<Record<string, string | number | boolean>>,
): Record<string, string> {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)]))
}
