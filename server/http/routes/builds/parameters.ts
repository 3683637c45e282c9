import { Type } from 'typebox'
import type { App, HttpContext } from '../../app-types.js'
import { repoOf } from '../../lookup.js'
import { BranchName } from '../../schemas/build-actions.js'
import { RepoParams } from '../../schemas/params.js'

const Parameter = Type.Object(
  {
    name: Type.String(),
    type: Type.String({ description: '`string`, `boolean`, `integer` or `choice`.' }),
    description: Type.Optional(Type.String()),
    default: Type.Optional(Type.String({ description: 'As steps get it.' })),
    required: Type.Optional(Type.Boolean()),
    options: Type.Optional(Type.Array(Type.String())),
    minimum: Type.Optional(Type.Integer()),
    maximum: Type.Optional(Type.Integer()),
    pattern: Type.Optional(Type.String({ description: 'Regular expression of RE2.' })),
  },
  { title: 'Parameter' },
)

const Parameters = Type.Object({
  branch: Type.String(),
  build: Type.Integer({ description: 'Number of the build that tells; 0: there is none yet.' }),
  parameters: Type.Array(Parameter, { description: 'Empty: none is declared, so any is taken.' }),
})

/** `GET /api/repos/:owner/:name/parameters`: what a build of a branch by hand can be given. */
export function listParameters(app: App, { services }: HttpContext): void {
  const schema = {
    operationId: 'listParameters',
    summary: 'List the parameters that a build of a branch can be given',
    description:
      'As the newest build of the branch declares them: the file at the head may say something else by now.',
    tags: ['builds'],
    params: RepoParams,
    querystring: Type.Object({ branch: Type.Optional(BranchName) }),
    response: { 200: Parameters },
  }
  app.get(
    '/repos/:owner/:name/parameters',
    { schema, config: { access: 'repo:read' } },
    async ({ params, query }) => {
      const repo = await repoOf(services, params)
      const branch = query.branch ?? repo.default_branch
      const found = await services.builds.parameters(repo, `refs/heads/${branch}`)
      return { branch, build: found?.number ?? 0, parameters: [...(found?.parameters ?? [])] }
    },
  )
}
