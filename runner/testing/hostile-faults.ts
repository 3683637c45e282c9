import type { Fault, Proper, Turn } from './hostile-turn.js'

/** Ways in which a hostile registry goes wrong. */

/** Ends the connection before any answer. */
export const dropped: Fault = (turn) => turn.drop()

/** Never answers. */
export const silent: Fault = () => undefined

/** Answers with that and nothing more. */
export function answering(
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body: string | Buffer = '',
): Fault {
  return (turn) => turn.send({ status, headers, body: Buffer.from(body) })
}

/** Sends the right headers and the first bytes, then ends the connection. */
export function breakingAfter(bytes: number): Fault {
  return async (turn) => {
    const { status, headers, body } = await turn.proper()
    turn.response.writeHead(status, { ...headers, 'content-length': String(body.length) })
    await turn.write(body.subarray(0, bytes))
    turn.drop()
  }
}

/** Sends the right headers and the first bytes, then nothing more. */
export function stallingAfter(bytes: number): Fault {
  return async (turn) => {
    const { status, headers, body } = await turn.proper()
    turn.response.writeHead(status, { ...headers, 'content-length': String(body.length) })
    await turn.write(body.subarray(0, bytes))
    // The next answer on the connection would come behind this one for ever.
    if (bytes >= body.length) turn.response.end()
  }
}

/** Sends all, but a byte every few milliseconds. */
export function trickling(everyMs: number): Fault {
  return async (turn) => {
    const { status, headers, body } = await turn.proper()
    turn.response.writeHead(status, { ...headers, 'content-length': String(body.length) })
    let at = 0
    turn.repeat(everyMs, () => {
      turn.response.write(body.subarray(at, at + 1))
      at += 1
    })
  }
}

/** Sends all, so many bytes in each 10 ms. */
export function throttled(bytes: number): Fault {
  return async (turn) => {
    const { status, headers, body } = await turn.proper()
    turn.response.writeHead(status, { ...headers, 'content-length': String(body.length) })
    let at = 0
    turn.repeat(10, () => {
      if (at >= body.length) return
      turn.response.write(body.subarray(at, at + bytes))
      at += bytes
      if (at >= body.length) turn.response.end()
    })
  }
}

/** Sends the first bytes as if they were all, without saying how many there are. */
export function endingAfter(bytes: number): Fault {
  return async (turn) => {
    const { status, headers, body } = await turn.proper()
    turn.response.writeHead(status, headers)
    turn.response.end(body.subarray(0, bytes))
  }
}

/** Sends all and then as much as anybody takes, without saying how much there is. */
export const endless: Fault = async (turn) => {
  const { headers, body } = await turn.proper()
  turn.response.writeHead(200, headers)
  if (!(await turn.write(body))) return
  const more = Buffer.alloc(65_536, 'x')
  while (await turn.write(more));
}

/** Sends the right number of bytes, one of them wrong. */
export function wrongByteAt(offset: number): Fault {
  return changed(({ body, ...rest }) => {
    const wrong = Buffer.from(body)
    wrong[offset] = (wrong[offset] ?? 0) ^ 0xff
    return { ...rest, body: wrong }
  })
}

/** Sends another answer than the right one. */
export function changed(change: (proper: Proper) => Proper): Fault {
  return async (turn) => turn.send(change(await turn.proper()))
}

/** Sends the whole, whatever was asked for. */
export const ignoringRange: Fault = async (turn) => {
  delete turn.request.headers.range
  turn.send(await turn.proper())
}

/** Headers without end. */
export const endlessHeaders: Fault = (turn) => {
  turn.request.socket.write('HTTP/1.1 200 OK\r\n')
  turn.repeat(1, () => turn.request.socket.write(`X-More: ${'x'.repeat(4096)}\r\n`))
}

/** Takes that many bytes of what is sent and passes them on, then ends the connection. */
export function breakingUploadAfter(bytes: number): Fault {
  return (turn: Turn) => {
    let size = 0
    turn.request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size >= bytes) turn.drop()
    })
    turn.proper().catch(() => undefined)
  }
}
