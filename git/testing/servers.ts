import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { join } from 'node:path'

/** A server on loopback that a test started. */
export interface TestServer {
  readonly port: number
  close(): Promise<void>
}

const ENVIRONMENT = { PATH: '/usr/bin:/bin', GIT_CONFIG_NOSYSTEM: '1', HOME: '/nonexistent' }

/**
 * Serves the repositories below `root` by git://, speaking the oldest protocol version only, in which a
 * server gives out nothing but what refs point to.
 */
export async function serveOldGit(root: string): Promise<TestServer> {
  return listen(
    createServer((socket) => {
      void readRequest(socket).then((request) => {
        const path = /git-upload-pack (\/[^\0]*)\0/.exec(request)?.[1] ?? '/'
        const child = spawn('git', ['upload-pack', '--strict', join(root, path)], {
          env: ENVIRONMENT,
        })
        child.stdin.on('error', () => undefined)
        socket.pipe(child.stdin)
        child.stdout.pipe(socket)
      })
      socket.on('error', () => undefined)
    }),
  )
}

/** Reads one packet: four hex digits that count themselves, then the rest (gitprotocol-common(5)). */
async function readRequest(socket: Socket): Promise<string> {
  let request = ''
  while (request.length < 4 || request.length < parseInt(request.slice(0, 4), 16)) {
    const chunk = socket.read() as Buffer | null
    if (chunk === null) await once(socket, 'readable')
    else request += chunk.toString('latin1')
  }
  return request
}

/** Serves files below `root` over HTTP, as a web server does that knows nothing of git. */
export async function serveFiles(root: string): Promise<TestServer> {
  return serveHttp((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    readFile(join(root, path)).then(
      (content) => response.end(content),
      () => response.writeHead(404).end(),
    )
  })
}

/**
 * Serves the repositories below `root` by `git http-backend`, to who knows the password of `ada`, or to
 * anyone when there is none.
 */
export async function serveGitHttp(
  root: string,
  password: string | null,
  onAccess: () => void,
): Promise<TestServer> {
  return serveHttp(gitListener(root, password && { username: 'ada', password }, onAccess))
}

/** The same over TLS, to who knows the login; it waits for `onAccess`. */
export async function serveGitHttps(
  root: string,
  login: { readonly username: string; readonly password: string },
  { key, cert }: { readonly key: Buffer; readonly cert: Buffer },
  onAccess: () => void | Promise<void>,
): Promise<TestServer> {
  return listen(createHttpsServer({ key, cert }, gitListener(root, login, onAccess)))
}

function gitListener(
  root: string,
  login: { readonly username: string; readonly password: string } | '' | null,
  onAccess: () => void | Promise<void>,
): RequestListener {
  const { username, password } = login || { username: '', password: '' }
  const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  return (request, response) => {
    if (login && request.headers.authorization !== expected) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="test"' }).end()
      return
    }
    void Promise.resolve(onAccess()).then(() => runCgi(root, request, response))
  }
}

/** Accepts connections and never says a word. */
export async function serveSilence(): Promise<TestServer> {
  return listen(createServer((socket) => socket.on('error', () => undefined)))
}

function runCgi(root: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://localhost')
  const child = spawn('git', ['http-backend'], {
    env: {
      ...ENVIRONMENT,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REQUEST_METHOD: request.method ?? 'GET',
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
    },
  })
  request.pipe(child.stdin)
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.on('close', () => {
    const output = Buffer.concat(chunks)
    const end = output.indexOf('\r\n\r\n')
    for (const line of output.toString('latin1', 0, end).split('\r\n')) {
      const [name, value] = line.split(': ')
      if (name === 'Status') response.statusCode = Number(value?.slice(0, 3))
      else if (name !== undefined && value !== undefined) response.setHeader(name, value)
    }
    response.end(output.subarray(end + 4))
  })
}

async function serveHttp(listener: RequestListener): Promise<TestServer> {
  return listen(createHttpServer(listener))
}

async function listen(server: Server): Promise<TestServer> {
  const sockets = new Set<{ destroy(): void }>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
