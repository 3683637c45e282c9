import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { SandpiperError } from '../../protocol/errors.js'

const ID = /^[\x21-\x7e]{1,128}$/
const EVENT = /^[A-Za-z][\w: -]{0,63}$/

/**
 * The sender's id of a delivery, from the first of the headers that is there. Who sends none is known by what he
 * sends: the same body is the same delivery.
 * @throws SandpiperError SP_HOOK_BODY_INVALID when a header holds no id
 */
export function deliveryIdOf(
  headers: IncomingHttpHeaders,
  names: readonly string[],
  body: Buffer,
): string {
  for (const name of names) {
    const value = headers[name]
    if (value === undefined || value === '') continue
    if (typeof value === 'string' && ID.test(value)) return value
    throw invalidHeader(name, 'malformed')
  }
  return `body-${createHash('sha256').update(body).digest('hex')}`
}

/**
 * The sender's name of the event, from the first of the headers that is there.
 * @throws SandpiperError SP_HOOK_BODY_INVALID when there is none
 */
export function eventNameOf(headers: IncomingHttpHeaders, names: readonly string[]): string {
  for (const name of names) {
    const value = headers[name]
    if (value === undefined) continue
    if (typeof value === 'string' && EVENT.test(value)) return value
    throw invalidHeader(name, 'malformed')
  }
  throw invalidHeader(names[0] ?? '', 'missing')
}

function invalidHeader(name: string, problem: string): SandpiperError {
  return new SandpiperError('SP_HOOK_BODY_INVALID', `Header '${name}' is ${problem}.`, {
    hint: 'Is this the address for that kind of sender? docs/api.md lists them; others can use /hooks/git.',
  })
}
