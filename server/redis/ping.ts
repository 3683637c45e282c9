import { createConnection } from 'node:net'

/** `ready`; `loading` while it reads its append-only file; `away` when nobody answers. */
export type RedisState = 'ready' | 'loading' | 'away'

const ANSWER_TIMEOUT_MS = 1_000

/** Asks the Redis behind a unix socket how it is (https://redis.io/docs/latest/commands/ping/). */
export async function pingSocket(path: string): Promise<RedisState> {
  return new Promise((resolve) => {
    const socket = createConnection(path)
    const end = (state: RedisState): void => {
      socket.destroy()
      resolve(state)
    }
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => end('away'))
    socket.on('error', () => end('away'))
    socket.on('close', () => end('away'))
    socket.on('connect', () => socket.write('PING\r\n'))
    socket.on('data', (data) =>
      end(data.toString('latin1').startsWith('+PONG') ? 'ready' : 'loading'),
    )
  })
}
