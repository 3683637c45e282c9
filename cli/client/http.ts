import { messageOf } from '../../protocol/errors.js'
import { CliError } from '../errors.js'
import { ExitCode } from '../exit-code.js'
import type { ServerAddress } from './find-server.js'

const REQUEST_TIMEOUT_MS = 30_000

export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'DELETE' | 'PATCH'
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  /** How long to wait for the answer's head; the body may take longer. Default 30 s. */
  readonly timeoutMs?: number
}

/**
 * Sends one request and returns the answer when it is a 2xx.
 * @throws the signal's reason when it is aborted; CliError SP_CLI_UNREACHABLE (exit 3), or the server's own code: 401 and 403 and 5xx are set-up
 * problems (exit 3), other 4xx mean that the command asked for something that can't be (exit 2)
 */
export async function send(
  server: ServerAddress,
  path: string,
  request: ApiRequest = {},
): Promise<Response> {
  const headTimeout = new AbortController()
  const timer = setTimeout(() => headTimeout.abort(), request.timeoutMs ?? REQUEST_TIMEOUT_MS)
  const signals = [headTimeout.signal, ...(request.signal ? [request.signal] : [])]
  const hasBody = request.body !== undefined
  try {
    const response = await fetch(new URL(path, `${server.url}/`), {
      method: request.method ?? 'GET',
      headers: {
        authorization: `Bearer ${server.token}`,
        ...(hasBody ? { 'content-type': 'application/json' } : {}),
        ...request.headers,
      },
      ...(hasBody ? { body: JSON.stringify(request.body) } : {}),
      // A redirect would carry the token to wherever it points.
      redirect: 'error',
      signal: AbortSignal.any(signals),
    })
    if (response.ok) return response
    throw await refusal(server, response)
  } catch (error) {
    if (error instanceof CliError) throw error
    request.signal?.throwIfAborted()
    throw unreachable(server, error, headTimeout.signal.aborted)
  } finally {
    clearTimeout(timer)
  }
}

/** Sends one request and returns the JSON of its answer, or null when it has no body. */
export async function sendJson(
  server: ServerAddress,
  path: string,
  request: ApiRequest = {},
): Promise<unknown> {
  const response = await send(server, path, request)
  const text = await response.text()
  if (text === '') return null
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw new CliError(
      ExitCode.host,
      'SP_CLI_BAD_ANSWER',
      `${server.url}${path} did not answer with JSON`,
      {
        hint: 'check that SANDPIPER_SERVER is the address of a Sandpiper server',
        cause: error,
      },
    )
  }
}

function unreachable(server: ServerAddress, error: unknown, timedOut: boolean): CliError {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  const why = timedOut ? 'no answer in time' : messageOf(cause)
  return new CliError(ExitCode.host, 'SP_CLI_UNREACHABLE', `can't reach ${server.url}: ${why}`, {
    hint: 'check that the server runs (`sandpiper standalone`) and that the address is right',
    cause: error,
  })
}

async function refusal(server: ServerAddress, response: Response): Promise<CliError> {
  const body = errorBody(await response.text().catch(() => ''))
  const { status } = response
  if (status === 401) return wrongToken(server, body)
  const host = status === 403 || status >= 500
  const { hint } = body
  return new CliError(
    host ? ExitCode.host : ExitCode.usage,
    body.code || `SP_HTTP_${status}`,
    body.message || `the server answered ${status} ${response.statusText}`.trim(),
    { hint },
  )
}

function wrongToken({ url, tokenFrom }: ServerAddress, body: ErrorBody): CliError {
  const which = tokenFrom === undefined ? 'the token' : `the token from ${tokenFrom}`
  const code = body.code || 'SP_HTTP_UNAUTHORIZED'
  return new CliError(ExitCode.host, code, `${url} does not accept ${which}`, {
    hint: "set SANDPIPER_TOKEN to the content of admin-token in that server's data directory, or SANDPIPER_SERVER to the server that the token is for",
  })
}

interface ErrorBody {
  readonly code: string
  readonly message: string
  readonly hint: string
}

/** Reads the server's problem document (RFC 9457 with `code` and `hint`); empty strings for what isn't there. */
function errorBody(text: string): ErrorBody {
  let value: unknown = null
  try {
    value = JSON.parse(text)
  } catch {
    // Not JSON: a proxy's page, most likely.
  }
  const record = typeof value === 'object' && value !== null ? value : {}
  const field = (name: string) => {
    const found = (record as Record<string, unknown>)[name]
    return typeof found === 'string' ? found : ''
  }
  return { code: field('code'), message: field('detail'), hint: field('hint') }
}
