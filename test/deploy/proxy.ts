import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { makeCertificates } from '../../runner/testing/certificates.js'
import { until } from '../../server/testing/until.js'
import { ROOT } from '../support/root.js'

/** A proxy in front of a server, set up by one of the examples with nothing changed but addresses and paths. */
export interface TestProxy {
  readonly address: string
  /** Certificate of the authority that its own is from; undefined without TLS. */
  readonly ca: string | undefined
  close(): Promise<void>
}

/** Starts nginx with `deploy/nginx/sandpiper.conf`. */
export async function startNginx(upstream: string): Promise<TestProxy> {
  const port = await freePort()
  const directory = await mkdtemp(path.join(tmpdir(), 'sandpiper-nginx-'))
  const { caFile, certFile, keyFile } = await makeCertificates(directory)
  const site = replaceAll(await example('nginx/sandpiper.conf'), [
    ['    listen [::]:443 ssl;\n', ''],
    ['listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`],
    ['/etc/letsencrypt/live/ci.example.org/fullchain.pem', certFile],
    ['/etc/letsencrypt/live/ci.example.org/privkey.pem', keyFile],
    ['127.0.0.1:8000', upstream],
  ])
  await writeFile(path.join(directory, 'nginx.conf'), nginxConfig(directory, site))
  const child = spawn('nginx', [
    '-c',
    path.join(directory, 'nginx.conf'),
    '-p',
    directory,
    '-e',
    'stderr',
  ])
  const ca = await readFile(caFile, 'utf8')
  return proxyOf(child, { address: `https://127.0.0.1:${port}`, ca, directory })
}

/** Starts Caddy with `deploy/caddy/Caddyfile`, without its certificates, which want the Internet. */
export async function startCaddy(upstream: string): Promise<TestProxy> {
  const port = await freePort()
  const directory = await mkdtemp(path.join(tmpdir(), 'sandpiper-caddy-'))
  const file = path.join(directory, 'Caddyfile')
  const site = replaceAll(await example('caddy/Caddyfile'), [
    ['ci.example.org {', `http://127.0.0.1:${port} {`],
    ['127.0.0.1:8000', upstream],
  ])
  await writeFile(file, `{\n\tadmin off\n\tauto_https off\n\tgrace_period 1s\n}\n${site}`)
  const env = { HOME: directory, PATH: process.env['PATH'] ?? '' }
  const child = spawn('caddy', ['run', '--config', file, '--adapter', 'caddyfile'], { env })
  return proxyOf(child, { address: `http://127.0.0.1:${port}`, ca: undefined, directory })
}

function example(name: string): Promise<string> {
  return readFile(path.join(ROOT, 'deploy', name), 'utf8')
}

/** Each has to be there: an example that changes must not be tried by accident only. */
function replaceAll(text: string, changes: readonly (readonly [string, string])[]): string {
  return changes.reduce((changed, [from, to]) => {
    if (!changed.includes(from)) throw new Error(`the example has no '${from}'`)
    return changed.replaceAll(from, to)
  }, text)
}

function nginxConfig(directory: string, site: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${directory}/${name};`)
    .join('\n')
  return [
    ...['daemon off;', 'worker_processes 1;', `pid ${directory}/pid;`, 'user root;'],
    `events {}\nhttp {\naccess_log off;\n${temporary}\n${site}\n}\n`,
  ].join('\n')
}

async function proxyOf(
  child: ChildProcess,
  { address, ca, directory }: Omit<TestProxy, 'close'> & { readonly directory: string },
): Promise<TestProxy> {
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (bytes: Buffer) => (output += bytes.toString()))
  }
  const { hostname, port } = new URL(address)
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`the proxy ended: ${output}`)
    return isOpen(hostname, Number(port))
  })
  return {
    address,
    ca,
    close: async () => {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
      await rm(directory, { recursive: true })
    },
  }
}

async function isOpen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
