import { execFile, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A host that is not this one: a network namespace behind a link, with servers in it. */
export interface Outside {
  /** Its address, on which there are the servers of `PORTS`. */
  readonly address: string
  readonly address6: string
  /** Another address of it, that the same servers have. */
  readonly other: string
  /** A link-local address of it, to which this host has a route. */
  readonly linkLocal: string
  /** This host's own address on the link. */
  readonly host: string
  readonly host6: string
  /** Adds one more address of this host. */
  addHostAddress(): Promise<string>
  remove(): Promise<void>
}

/** What it serves: HTTP that tells who asks, twice, and a name server that gives `address` for all names. */
export const PORTS = { http: 8000, otherHttp: 8001, dns: 53 } as const

/** Makes one. Needs root; the names and addresses are this process's own. */
export async function makeOutside(): Promise<Outside> {
  const name = `sp-${process.pid}`
  const number = process.pid % 16_384
  const prefix = `198.18.${number >> 6}`
  const first = (number & 63) * 4
  let addresses = 0
  const linkLocal = `169.254.${100 + (number >> 8)}.${number & 255}`
  const [host, address] = [`${prefix}.${first + 1}`, `${prefix}.${first + 2}`]
  const other = `198.19.${number >> 6}.${first + 2}`
  const prefix6 = `fd77:${process.pid.toString(16)}`
  const [host6, address6] = [`${prefix6}::1`, `${prefix6}::2`]
  await ip(`netns add ${name}`)
  await ip(`link add ${name} type veth peer name eth0 netns ${name}`)
  await ip(`addr add ${host}/30 dev ${name}`)
  await ip(`addr add ${host6}/64 dev ${name} nodad`)
  await ip(`link set ${name} up`)
  await ip(`-n ${name} addr add ${address}/30 dev eth0`)
  await ip(`-n ${name} addr add ${address6}/64 dev eth0 nodad`)
  await ip(`-n ${name} link set eth0 up`)
  await ip(`-n ${name} link set lo up`)
  for (const more of [other, linkLocal]) {
    await ip(`-n ${name} addr add ${more}/32 dev lo`)
    await ip(`route add ${more} via ${address} dev ${name}`)
  }
  const args = ['netns', 'exec', name, process.execPath, '-e', SERVERS, address]
  const servers = spawn('ip', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(servers.stdout, 'data')
  return {
    ...{ address, address6, other, linkLocal, host, host6 },
    addHostAddress: async () => {
      const added = `${prefix.replace('.18.', '.19.')}.${first + (addresses++ % 2 === 0 ? 1 : 3)}`
      await ip(`addr add ${added}/32 dev ${name}`)
      return added
    },
    remove: async () => {
      servers.kill('SIGKILL')
      await once(servers, 'exit')
      await ip(`link del ${name}`)
      await ip(`netns del ${name}`)
    },
  }
}

/** A name server of this host's, on a loopback address of its own; `answer` is for every name. */
export async function makeNameServer(
  answer: string,
): Promise<{ readonly address: string; close(): void }> {
  const address = `127.53.${(process.pid >> 8) & 255}.${process.pid & 255}`
  const socket = createSocket('udp4')
  socket.on('message', (query, { port, address: from }) => {
    socket.send(answerOf(query, answer), port, from)
  })
  socket.bind(53, address)
  await once(socket, 'listening')
  return { address, close: () => void socket.close() }
}

async function ip(command: string): Promise<void> {
  await run('ip', command.split(' '))
}

/** The question back with one A record, or with none when it asks for another type (RFC 1035, 4.1). */
function answerOf(query: Buffer, address: string): Buffer {
  let end = 12
  while (query[end] !== 0 && end < query.length) end += (query[end] ?? 0) + 1
  const question = query.subarray(12, end + 5)
  const isA = query.readUInt16BE(end + 1) === 1
  const head = Buffer.from([0x81, 0x80, 0, 1, 0, isA ? 1 : 0, 0, 0, 0, 0])
  const record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, ...address.split('.').map(Number)]
  return Buffer.concat([query.subarray(0, 2), head, question, Buffer.from(isA ? record : [])])
}

const SERVERS = `
const http = require('node:http')
const dgram = require('node:dgram')
const address = process.argv[1]
const answerOf = ${answerOf.toString()}
const sockets = [${PORTS.http}, ${PORTS.otherHttp}].map((port) => new Promise((resolve) =>
  http.createServer((request, response) => response.end('tcp ' + request.socket.remoteAddress + '\\n'))
    .listen(port, '::', resolve)))
const dns = dgram.createSocket('udp4')
dns.on('message', (query, from) => dns.send(answerOf(query, address), from.port, from.address))
sockets.push(new Promise((resolve) => dns.bind(${PORTS.dns}, '0.0.0.0', resolve)))
Promise.all(sockets).then(() => console.log('ready'))
`
