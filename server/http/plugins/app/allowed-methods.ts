import type { FastifyReply, FastifyRequest } from 'fastify'
import { SandpiperError } from '../../../../protocol/errors.js'
import type { App } from '../../app-types.js'
import { matches, pathPattern } from '../../path-pattern.js'
import type { PathPattern } from '../../path-pattern.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** The methods that an address answers to, sorted; empty for one that there is nothing at. */
    allowedMethods(url: string): readonly string[]
  }
}

/** Remembers which methods each address answers to; must come before the routes. */
export function allowedMethods(app: App): void {
  const routes = new Map<string, { readonly pattern: PathPattern; readonly methods: Set<string> }>()
  app.addHook('onRoute', ({ url, method }) => {
    const route = routes.get(url) ?? { pattern: pathPattern(url), methods: new Set(['OPTIONS']) }
    for (const one of [method].flat()) route.methods.add(one)
    routes.set(url, route)
  })
  app.decorate('allowedMethods', (url) => {
    const path = url.replace(/^https?:\/\/[^/?#]*/i, '').split(/[?#]/, 1)[0] ?? ''
    const found = [...routes.values()].filter(({ pattern }) => matches(pattern, path))
    return [...new Set(found.flatMap(({ methods }) => [...methods]))].sort()
  })
}

/**
 * Answers a method that an address does not know: OPTIONS with those that it does, others with 405. False when there is
 * nothing at the address at all.
 */
export function answerMethod(
  request: FastifyRequest,
  reply: FastifyReply,
): SandpiperError | 'answered' | null {
  const methods = request.server.allowedMethods(request.url)
  if (methods.length === 0) return null
  const allow = methods.join(', ')
  void reply.header('allow', allow)
  if (request.method === 'OPTIONS') {
    void reply.code(204).send()
    return 'answered'
  }
  const message = `${request.method} is not for this address.`
  return new SandpiperError('SP_HTTP_METHOD', message, { hint: `It takes ${allow}.` })
}
