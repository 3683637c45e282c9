import type { Random } from '../fuzz/random.js'
import {
  BODIES,
  CONTENT_TYPES,
  HEADERS,
  JSON_VALUES,
  PATH_PARTS,
  QUERY_VALUES,
  sample,
} from './hostile.js'
import type { Operation } from './operations.js'
import type { WireRequest } from './wire.js'

/** What stands for the parameters of a path that lead somewhere. */
export type Known = Readonly<Record<string, string>>

const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'NONSENSE',
  'get',
]

/** A request to the route that is wrong in one or several ways. */
export function hostileRequest(
  operation: Operation,
  known: Known,
  token: string,
  random: Random,
): WireRequest {
  const request = {
    method: random.next(12) === 0 ? random.pick(METHODS) : operation.method,
    target: pathOf(operation, known, random) + queryOf(operation, random),
    headers: [
      ['Host', random.next(30) === 0 ? 'evil.example.org:99999' : 'localhost'],
      ['Connection', 'close'],
      ...(random.next(4) === 0 ? [] : [['Authorization', `Bearer ${token}`] as const]),
    ] as (readonly [string, string])[],
  }
  if (random.next(4) === 0) request.headers.push(random.pick(HEADERS))
  const body = bodyOf(operation, random)
  if (body === null) return { ...request, body: Buffer.alloc(0) }
  const type = random.next(5) === 0 ? random.pick(CONTENT_TYPES) : 'application/json'
  if (type !== '') request.headers.push(['Content-Type', type])
  request.headers.push(['Content-Length', String(body.length)])
  return { ...request, body }
}

function pathOf({ path }: Operation, known: Known, random: Random): string {
  const mutated = random.next(3) === 0
  const names = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name ?? '')
  const chosen = mutated && names.length > 0 ? random.pick(names) : null
  const filled = path.replace(/\{([^}]+)\}/g, (_all, name: string) =>
    name === chosen ? random.pick(PATH_PARTS) : (known[name] ?? 'a'),
  )
  if (names.length > 0 || !mutated) return filled
  return random.pick([
    `${filled}/`,
    `/${filled}`,
    `${filled}%00`,
    `${filled}/..;/`,
    filled.toUpperCase(),
  ])
}

function queryOf({ query }: Operation, random: Random): string {
  const kind = random.next(8)
  const name = query.length > 0 ? random.pick(query).name : 'page'
  const value = random.pick(QUERY_VALUES)
  switch (kind) {
    case 0:
      return `?${name}=${value}&${name}=${random.pick(QUERY_VALUES)}`
    case 1:
      return `?${name}[]=${value}&${name}[a]=1&__proto__[a]=1`
    case 2:
      return `?${Array.from({ length: 2000 }, (_, index) => `a${index}`).join('&')}`
    case 3:
      return `?${'&'.repeat(50)}=${value}&%=%zz&${name}`
    case 4:
    case 5:
      return query.length === 0
        ? ''
        : `?${query.map((one) => `${one.name}=${random.pick(QUERY_VALUES)}`).join('&')}`
    default:
      return ''
  }
}

function bodyOf({ method, body }: Operation, random: Random): Buffer | null {
  if (body === null)
    return random.next(method === 'GET' ? 15 : 3) === 0 ? strangeBody(random) : null
  const kind = random.next(6)
  if (kind === 0) return strangeBody(random)
  if (kind === 1) return null
  const value = sample(body, random)
  if (kind === 2 || typeof value !== 'object' || value === null)
    return jsonBody(random.pick(JSON_VALUES))
  const names = Object.keys(body.properties ?? {})
  const hostile = Object.fromEntries(
    Array.from({ length: 1 + random.next(3) }, () => [
      random.next(6) === 0 || names.length === 0 ? '__proto__x' : random.pick(names),
      random.pick(JSON_VALUES),
    ]),
  )
  return jsonBody(random.next(5) === 0 ? value : { ...value, ...hostile })
}

function strangeBody(random: Random): Buffer {
  return Buffer.from(random.pick(BODIES)())
}

function jsonBody(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}
