import { Type } from 'typebox'
import type { Static } from 'typebox'
import { FORGE_KINDS } from '../../../forges/types.js'
import type { NewRepo } from '../../../services.js'
import type { App, HttpContext } from '../../app-types.js'
import { invalid } from '../../error-mapping.js'
import { hookLinks } from '../../links.js'
import { renderRepo } from '../../render/repo.js'
import { RepoName, isRepoName } from '../../schemas/params.js'
import { AddedRepo, ForgeToken } from '../../schemas/repo.js'

const AddRepoBody = Type.Object(
  {
    owner: Type.Optional(RepoName),
    name: Type.Optional(RepoName),
    slug: Type.Optional(Type.String({ maxLength: 201 })),
    clone_url: Type.String({ minLength: 1, maxLength: 4096 }),
    secret: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
    default_branch: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
    link: Type.Optional(Type.String({ maxLength: 2048 })),
    forge: Type.Optional(Type.Enum(['', ...FORGE_KINDS])),
    forge_token: Type.Optional(ForgeToken),
    network_allow: Type.Optional(Type.Array(Type.String({ maxLength: 512 }), { maxItems: 1000 })),
  },
  { additionalProperties: false },
)
type AddRepoBody = Static<typeof AddRepoBody>

/** `POST /api/repos`: adds a repo; answers with its hook secret as well. */
export function addRepo(app: App, context: HttpContext): void {
  const schema = {
    operationId: 'addRepo',
    summary: 'Add a repo',
    description:
      'Sets its webhook at its forge; `hook` tells whether it could. The answer has the hook secret, made at random unless given.',
    tags: ['repos'],
    body: AddRepoBody,
    response: { 201: AddedRepo },
  }
  app.post('/repos', { schema, config: { access: 'admin' } }, async (request, reply) => {
    const { repos, repoHooks } = context.services
    const { principal } = request
    const { repo, hookSecret } = await repos.add(newRepo(request.body), principal)
    const hook = await repoHooks.ensure(repo, principal)
    const rendered = renderRepo(repo)
    return reply
      .code(201)
      .header('location', `${context.publicUrl()}/api/repos/${rendered.slug}`)
      .send({
        ...rendered,
        hook,
        hook_secret: hookSecret,
        hooks: hookLinks(context, rendered.slug),
      })
  })
}

function newRepo(body: AddRepoBody): NewRepo {
  return {
    ...nameOf(body),
    cloneUrl: body.clone_url,
    ...(body.default_branch === undefined ? {} : { defaultBranch: body.default_branch }),
    ...(body.link === undefined ? {} : { link: body.link }),
    ...(body.network_allow === undefined ? {} : { networkAllow: body.network_allow }),
    ...(body.forge === undefined ? {} : { forge: body.forge }),
    ...(body.forge_token === undefined ? {} : { forgeToken: body.forge_token }),
    ...(body.secret === undefined ? {} : { hookSecret: body.secret }),
  }
}

function nameOf({ owner, name, slug }: AddRepoBody): { owner: string; name: string } {
  if (slug === undefined && owner !== undefined && name !== undefined) return { owner, name }
  if (slug === undefined || owner !== undefined || name !== undefined) {
    throw invalid("The body needs either 'slug' (OWNER/NAME) or both 'owner' and 'name'.")
  }
  const [first, second, ...rest] = slug.split('/')
  if (!first || !second || rest.length > 0 || !isRepoName(first) || !isRepoName(second)) {
    throw invalid(
      "'slug' in the body must be OWNER/NAME, both of letters, digits, '.', '_' and '-'.",
    )
  }
  return { owner: first, name: second }
}
