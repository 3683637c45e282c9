import type { WireAnswer, WireRequest } from './wire.js'

/** What is wrong with an answer; null when nothing is. */
export function flaw({ method }: WireRequest, answer: WireAnswer): string | null {
  const { status, headers, body } = answer
  if (headers.has('x-injected')) return 'a header of the request came back as one of the answer'
  if (status === 0) return 'no answer'
  if (status >= 500 && status !== 501) return `status ${status}: ${body.slice(0, 500)}`
  if (status < 400) return null
  if (!/^application\/problem\+json/.test(headers.get('content-type') ?? '')) {
    return `status ${status} is no problem document but ${headers.get('content-type') ?? 'nothing'}: ${body.slice(0, 200)}`
  }
  return method === 'HEAD' ? null : problemFlaw(status, body)
}

function problemFlaw(status: number, body: string): string | null {
  if (body.length > 50_000) return `the problem document has ${body.length} characters`
  try {
    const problem = JSON.parse(body) as Readonly<Record<string, unknown>>
    const isSame = problem['status'] === status && /^SP_[A-Z_]+$/.test(String(problem['code']))
    return isSame && typeof problem['detail'] === 'string' ? null : `not its problem: ${body}`
  } catch {
    return `no JSON: ${body.slice(0, 500)}`
  }
}
