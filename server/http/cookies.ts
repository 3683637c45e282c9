import type { FastifyReply, FastifyRequest } from 'fastify'

/** The cookies that the server gives to browsers. */
export interface Cookies {
  /** Value of the session's cookie. */
  session(request: FastifyRequest): string | undefined
  setSession(reply: FastifyReply, value: string): void
  clearSession(reply: FastifyReply): void
  /** What a browser on its way to a forge has to bring back. */
  login(request: FastifyRequest): string | undefined
  setLogin(reply: FastifyReply, value: string, lifetimeMs: number): void
  clearLogin(reply: FastifyReply): void
}

/** Larger ones are not ours. */
const VALUE_CHARS_MAX = 4_096

/**
 * Cookies that no script reads and no other site sends along with what it starts, but for links. With https they have the
 * prefix `__Host-`, with which browsers take them from this very host only (RFC 6265bis, 4.1.3.2).
 */
export function createCookies(publicUrl: () => string): Cookies {
  const isSecure = () => publicUrl().startsWith('https:')
  const named = (name: string) => (isSecure() ? `__Host-${name}` : name)
  const read = (request: FastifyRequest, name: string) => {
    const value = request.cookies[named(name)]
    return value === undefined || value.length > VALUE_CHARS_MAX ? undefined : value
  }
  const options = () =>
    ({ path: '/', httpOnly: true, sameSite: 'lax', secure: isSecure() }) as const
  const clear = (reply: FastifyReply, name: string) =>
    void reply.clearCookie(named(name), options())
  return {
    session: (request) => read(request, SESSION),
    // Without an age: the browser forgets it when it ends, and the server knows how old it is.
    setSession: (reply, value) => void reply.setCookie(named(SESSION), value, options()),
    clearSession: (reply) => clear(reply, SESSION),
    login: (request) => read(request, LOGIN),
    setLogin: (reply, value, lifetimeMs) =>
      void reply.setCookie(named(LOGIN), value, {
        ...options(),
        maxAge: Math.floor(lifetimeMs / 1_000),
      }),
    clearLogin: (reply) => clear(reply, LOGIN),
  }
}

const SESSION = 'sandpiper_session'
const LOGIN = 'sandpiper_login'
