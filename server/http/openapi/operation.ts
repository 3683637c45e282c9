import { STATUS_CODES } from 'node:http'
import type { FastifySchema, RouteOptions } from 'fastify'
import type { Access } from '../access.js'
import { Problem } from '../schemas/problem.js'

/** A route's schema as the document shows it: with who may call it, and what it answers when it fails. */
export function describeOperation(schema: FastifySchema, route: RouteOptions): FastifySchema {
  const access = route.config?.access ?? 'admin'
  const answers = Object.entries((schema.response ?? {}) as Record<string, object>)
  const response = Object.fromEntries(answers.map(([status, one]) => [status, answer(status, one)]))
  const shown = { ...schema, 'x-access': access, security: securityOf(access) }
  return { ...shown, response: { ...response, default: PROBLEM } }
}

const PROBLEM = {
  description: 'Every error.',
  content: { 'application/problem+json': { schema: Problem } },
}

/** What a request must bring; either will do. */
function securityOf(access: Access): readonly Readonly<Record<string, readonly string[]>>[] {
  if (access === 'open') return []
  if (access === 'hook') return [{ hookSignature: [] }]
  // An empty requirement: who is not known sees what is public.
  const anybody = access === 'repo:read' ? [{}] : []
  return [{ bearer: [] }, { session: [] }, ...anybody]
}

/** A body's schema, or `{description, content}` as OpenAPI has it, or the type null for no body -> OpenAPI's. */
function answer(status: string, given: object): object {
  const one = given as { readonly description?: string; readonly type?: string; content?: unknown }
  const description = one.description ?? STATUS_CODES[status] ?? 'An answer.'
  if (one.type === 'null' || one.content !== undefined) return { ...one, description }
  return { description, content: { 'application/json': { schema: one } } }
}
