import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { problemDocument } from './problems.js'

const CODES: ReadonlyMap<string, readonly [code: string, detail: string]> = new Map([
  ['ERR_HTTP_REQUEST_TIMEOUT', ['SP_HTTP_TIMEOUT', 'The request did not arrive in time.']],
  ['HPE_HEADER_OVERFLOW', ['SP_HTTP_HEADERS_TOO_LARGE', 'The headers are too large.']],
])

/**
 * Answers an `Expect` that is not `100-continue`, which Node would answer without a word.
 * https://nodejs.org/api/http.html#event-checkexpectation
 */
export function answerExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const detail = "The only expectation that is met is '100-continue'."
  const options = { code: 'SP_HTTP_EXPECTATION', detail, hint: 'Leave the header Expect out.' }
  const problem = problemDocument({ ...options, requestId: randomUUID() })
  response.writeHead(problem.status, {
    'content-type': 'application/problem+json; charset=utf-8',
    'x-content-type-options': 'nosniff',
    connection: 'close',
  })
  response.end(JSON.stringify(problem))
}

/**
 * Answers what Node's HTTP parser refuses, before there is a request, and closes the connection.
 * https://nodejs.org/api/http.html#event-clienterror
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const [code, detail] = CODES.get(error.code ?? '') ?? ['SP_HTTP_INVALID', 'This is not HTTP.']
  const problem = problemDocument({ code, detail, hint: '', requestId: randomUUID() })
  const body = JSON.stringify(problem)
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}\r\n` +
      'Content-Type: application/problem+json; charset=utf-8\r\n' +
      `Content-Length: ${Buffer.byteLength(body)}\r\n` +
      `Connection: close\r\n\r\n${body}`,
  )
}
