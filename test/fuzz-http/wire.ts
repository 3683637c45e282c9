import { connect } from 'node:net'

/** A request as its bytes will be: nothing is checked or encoded. */
export interface WireRequest {
  readonly method: string
  readonly target: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
}

/** What came back until the server closed, or until enough had come. */
export interface WireAnswer {
  /** 0: the server closed without an answer. */
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

/** Most of an answer that is kept, in bytes; the rest is not waited for. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024

/** Sends a request on a connection of its own. */
export async function send(port: number, request: WireRequest): Promise<WireAnswer> {
  const lines = request.headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const head = `${request.method} ${request.target} HTTP/1.1\r\n${lines}\r\n`
  // Latin 1, as HTTP's headers are: what is beyond becomes other bytes, which is as good.
  return exchange(port, Buffer.concat([Buffer.from(head, 'latin1'), request.body]))
}

/** Sends bytes, and gives what came back. A server that answers early may reset the connection: then what came. */
export async function exchange(port: number, bytes: Buffer): Promise<WireAnswer> {
  const socket = connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  let length = 0
  await new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      length += chunk.length
      if (length > ANSWER_BYTES_MAX) socket.destroy()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => resolve())
    socket.write(bytes)
  })
  return parse(Buffer.concat(chunks))
}

function parse(bytes: Buffer): WireAnswer {
  const text = bytes.toString()
  // `Expect: 100-continue` is answered with one of its own.
  const final = text.replace(/^HTTP\/1\.1 1\d\d [^\r\n]*\r\n\r\n/, '')
  const end = final.indexOf('\r\n\r\n')
  const [first = '', ...lines] = final.slice(0, Math.max(0, end)).split('\r\n')
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const
    }),
  )
  const raw = final.slice(end + 4)
  const body = headers.get('transfer-encoding') === 'chunked' ? unchunked(raw) : raw
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0), headers, body }
}

/** For small texts, such as problem documents. */
function unchunked(text: string): string {
  return text.replace(/(?:^|\r\n)[0-9a-f]+\r\n/gi, '')
}
