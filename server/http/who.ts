import type { FastifyRequest } from 'fastify'

/** Login of who makes the request; routes that ask for it let nobody in that is not known. */
export function loginOf({ principal }: Pick<FastifyRequest, 'principal'>): string {
  return principal?.login ?? 'somebody'
}
