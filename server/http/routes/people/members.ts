import { Type } from 'typebox'
import type { App, HttpContext } from '../../app-types.js'
import { repoOf } from '../../lookup.js'
import { renderMember } from '../../render/people.js'
import { RepoName, RepoParams } from '../../schemas/params.js'
import { Login, Member, RoleName } from '../../schemas/people.js'
import { principalOf, userOf } from './person.js'

const MemberParams = Type.Object({ owner: RepoName, name: RepoName, login: Login })
const Body = Type.Object({ role: RoleName }, { additionalProperties: false })
const URL = '/repos/:owner/:name/members'

/** `GET /api/repos/:owner/:name/members`: who was given a role by hand. */
export function listMembers(app: App, { services }: HttpContext): void {
  const schema = {
    ...{ operationId: 'listMembers', tags: ['members'], params: RepoParams },
    summary: 'List those who were given a role in the repo by hand',
    response: { 200: Type.Array(Member) },
  }
  app.get(URL, { schema, config: { access: 'repo:admin' } }, async (request) => {
    const repo = await repoOf(services, request.params)
    return (await services.people.roles.members(repo)).map(renderMember)
  })
}

/** `PUT /api/repos/:owner/:name/members/:login`: gives a role, beside what the forge says. */
export function setMember(app: App, { services }: HttpContext): void {
  const schema = {
    ...{ operationId: 'setMember', tags: ['members'], params: MemberParams, body: Body },
    ...{ summary: 'Give a user a role in the repo', response: { 200: Member } },
  }
  app.put(`${URL}/:login`, { schema, config: { access: 'repo:admin' } }, async (request) => {
    const repo = await repoOf(services, request.params)
    const user = await userOf(services.people, request.params.login)
    const { role } = request.body
    await services.people.roles.setMember(principalOf(request), repo, user, role)
    return renderMember({ user, role })
  })
}

/** `DELETE /api/repos/:owner/:name/members/:login`: takes back what was given by hand. */
export function removeMember(app: App, { services }: HttpContext): void {
  const schema = {
    ...{ operationId: 'removeMember', tags: ['members'], params: MemberParams },
    ...{ summary: 'Take back a role that was given by hand', response: { 204: Type.Null() } },
  }
  const options = { schema, config: { access: 'repo:admin' } } as const
  app.delete(`${URL}/:login`, options, async (request, reply) => {
    const repo = await repoOf(services, request.params)
    const user = await userOf(services.people, request.params.login)
    await services.people.roles.setMember(principalOf(request), repo, user, null)
    return reply.code(204).send()
  })
}
