import fastifyRateLimit from '@fastify/rate-limit'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { SandpiperError } from '../../../../protocol/errors.js'
import { hasCode } from '../../../error-code.js'
import type { App } from '../../app-types.js'
import { ADDRESSES_MAX, RATES, RATE_WINDOW_MS } from '../../limits.js'
import type { Rates } from '../../limits.js'
import { sendProblem } from '../app/problem-details.js'

/** Counts one request, and refuses it when there were too many. */
export type Limit = (request: FastifyRequest, reply: FastifyReply) => Promise<void>

/** Counts what an address, or a user, does within a minute; in the memory of this server. */
export interface Limits {
  /** @throws SandpiperError SP_HTTP_TOO_MANY_REQUESTS */
  readonly request: Limit
  /** Tokens and sign-ins that prove nothing. @throws SandpiperError SP_HTTP_TOO_MANY_REQUESTS */
  readonly wrongProof: Limit
  /** Deliveries that nobody signed. @throws SandpiperError SP_HTTP_TOO_MANY_REQUESTS */
  readonly wrongSignature: Limit
}

type Check = (request: FastifyRequest) => Promise<{
  readonly isAllowed: boolean
  readonly isExceeded?: boolean
  readonly ttlInSeconds?: number
}>

/** Makes the counters. Nothing is limited but what asks them: good deliveries and the installation's token never are. */
export async function rateLimits(app: App, rates: Partial<Rates> = {}): Promise<Limits> {
  const { anonymous, user, wrongProof, wrongSignature } = { ...RATES, ...rates }
  await app.register(fastifyRateLimit, { global: false, cache: ADDRESSES_MAX })
  const counter = (max: number, keyGenerator?: (request: FastifyRequest) => string): Check =>
    app.createRateLimit({
      ...{ max, timeWindow: RATE_WINDOW_MS },
      ...(keyGenerator === undefined ? {} : { keyGenerator }),
    })
  const ofAddress = counter(anonymous)
  const ofUser = counter(user, ({ principal }) => String(principal?.userId))
  const proofs = counter(wrongProof)
  const signatures = counter(wrongSignature)
  return {
    async request(request, reply) {
      const { principal } = request
      if (principal?.via === 'admin-token') return
      await judge(principal === null ? ofAddress : ofUser, request, reply)
    },
    wrongProof: (request, reply) => judge(proofs, request, reply),
    wrongSignature: (request, reply) => judge(signatures, request, reply),
  }
}

async function judge(check: Check, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { isAllowed, isExceeded, ttlInSeconds = 1 } = await check(request)
  if (isAllowed || isExceeded !== true) return
  void reply.header('retry-after', ttlInSeconds)
  throw new SandpiperError('SP_HTTP_TOO_MANY_REQUESTS', 'There were too many of these requests.', {
    hint: `Try again in ${ttlInSeconds} s.`,
  })
}

/**
 * Answers failures that look like guessing, when there are many of them, with "too many". What is right is never
 * refused for what others do from the same address.
 */
export function limitFailures(app: App, limit: Limit, codes: readonly string[]): void {
  app.setErrorHandler(async (error, request, reply) => {
    const isGuess = request.isProofWrong || codes.some((code) => hasCode(error, code))
    let answer: unknown = error
    if (isGuess) await limit(request, reply).catch((limited: unknown) => (answer = limited))
    sendProblem(answer, request, reply)
    return reply
  })
}
