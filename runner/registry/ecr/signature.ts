import { createHash, createHmac } from 'node:crypto'

/** Keys of Amazon's: of a user, or for a while. */
export interface AwsKeys {
  readonly accessKey: string
  readonly secretKey: string
  /** Of keys for a while; empty for those of a user. */
  readonly sessionToken: string
}

export interface SignedRequest {
  readonly method: string
  readonly url: URL
  /** Names in lower case. All of them are signed; `host` is added. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What a signature holds for. */
export interface SignatureScope {
  readonly keys: AwsKeys
  readonly region: string
  /** `ecr`, `sts` */
  readonly service: string
  readonly now: Date
}

const ALGORITHM = 'AWS4-HMAC-SHA256'

/**
 * Headers that sign a request, with those that it has (AWS Signature Version 4, "Create a signed AWS API
 * request" in the IAM user guide). Paths are taken as they stand: none that needs more encoding is asked for.
 */
export function signedHeaders(
  request: SignedRequest,
  { keys, region, service, now }: SignatureScope,
): Readonly<Record<string, string>> {
  const date = now.toISOString().replace(/[-:]|\.\d+/g, '')
  const headers: Record<string, string> = {
    ...request.headers,
    host: request.url.host,
    'x-amz-date': date,
    ...(keys.sessionToken === '' ? {} : { 'x-amz-security-token': keys.sessionToken }),
  }
  const names = Object.keys(headers).sort()
  const canonical = [
    ...[request.method, request.url.pathname, canonicalQuery(request.url)],
    ...names.map((name) => `${name}:${(headers[name] ?? '').trim().replace(/ +/g, ' ')}`),
    ...['', names.join(';'), sha256(request.body)],
  ].join('\n')
  const scope = [date.slice(0, 8), region, service, 'aws4_request']
  const text = [ALGORITHM, date, scope.join('/'), sha256(canonical)].join('\n')
  const key = scope.reduce<Buffer | string>(hmac, `AWS4${keys.secretKey}`)
  const parts = [
    `Credential=${[keys.accessKey, ...scope].join('/')}`,
    `SignedHeaders=${names.join(';')}`,
    `Signature=${hmac(key, text).toString('hex')}`,
  ]
  return { ...headers, authorization: `${ALGORITHM} ${parts.join(', ')}` }
}

function canonicalQuery({ searchParams }: URL): string {
  return [...searchParams]
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
    .join('&')
}

/** All but the unreserved characters of RFC 3986. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
