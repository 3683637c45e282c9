import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { messageOf } from '../../protocol/errors.js'
import type { RedisKeys } from '../../protocol/keys.js'
import type { UplinkHealth } from './health.js'
import { Rounds } from '../rounds.js'

export interface SharesOptions {
  /** Fails fast; stays the caller's to close. */
  readonly redis: Redis
  readonly keys: RedisKeys
  readonly health: UplinkHealth
  /** How often a server says that it lives, in milliseconds. */
  readonly intervalMs: number
  /** An uplink that nobody has read to its end for longer is not heard. */
  readonly gapMsMax: number
  readonly logger: Logger
}

/** How long the uplinks of a server that is gone wait for another, in milliseconds. */
const HELD_MS = 4_000

/**
 * Which uplinks this server reads: those of all servers share them out evenly, without any of them being in charge.
 * Each says again and again that it lives; what nobody holds, or somebody did who is gone, is taken by whoever has
 * less than its share, and who has more gives back. That two read the same one for a moment does no harm: what
 * messages do is fenced in the database (`saveLastSeq`).
 */
export class UplinkShares {
  readonly #options: SharesOptions
  readonly #server = randomUUID()
  /** When each uplink that is ours was last read to its end, by `performance.now()`. */
  readonly #heardAt = new Map<number, number>()
  #mine: readonly number[] = []
  #heldUntil = 0
  readonly #rounds: Rounds

  constructor(options: SharesOptions) {
    this.#options = options
    this.#rounds = new Rounds(() => this.#round(), options.intervalMs)
  }

  /** Starts; resolves when it has its first share, or Redis is away. */
  start(): Promise<void> {
    return this.#rounds.start()
  }

  /** Stops and gives everything back, for the others to have at once. */
  async stop(): Promise<void> {
    await this.#rounds.stop()
    const { redis, keys } = this.#options
    const pipeline = redis.pipeline().zrem(keys.servers, this.#server)
    if (this.#mine.length > 0) pipeline.hdel(keys.uplinkReaders, ...this.#mine.map(String))
    this.#mine = []
    await pipeline.exec().catch(() => undefined)
  }

  /** Numbers of the uplinks that are this server's to read now. */
  get mine(): readonly number[] {
    return performance.now() < this.#heldUntil ? this.#mine : []
  }

  /** Everything on these uplinks has been applied. */
  heard(uplinks: readonly number[]): void {
    const now = performance.now()
    for (const uplink of uplinks) this.#heardAt.set(uplink, now)
  }

  async #round(): Promise<void> {
    await this.#share().catch((error: unknown) =>
      this.#options.logger.debug({ reason: messageOf(error) }, 'could not share the uplinks out'),
    )
  }

  async #share(): Promise<void> {
    const { redis, keys, logger } = this.#options
    const asked = performance.now()
    const names = [keys.servers, keys.uplinkReaders, keys.uplinkHeard]
    const options = [this.#server, HELD_MS, keys.uplinks.length, ...this.#ages(asked)]
    const reply = (await redis.eval(SHARE, names.length, ...names, ...options)) as [
      number[],
      number,
    ]
    const [mine, agoMs] = reply
    if (mine.join() !== this.#mine.join()) logger.info({ uplinks: mine }, 'reads these uplinks')
    this.#mine = mine
    for (const uplink of this.#heardAt.keys()) {
      if (!mine.includes(uplink)) this.#heardAt.delete(uplink)
    }
    this.#heldUntil = asked + HELD_MS
    // -1: one of them was never read.
    if (agoMs >= 0 && agoMs <= this.#options.gapMsMax) this.#options.health.caughtUp(agoMs)
  }

  /** Pairs: an uplink, and how long ago it was read to its end. */
  #ages(now: number): number[] {
    const heard = this.#mine.filter((uplink) => this.#heardAt.has(uplink))
    return heard.flatMap((uplink) => [uplink, Math.ceil(now - (this.#heardAt.get(uplink) ?? 0))])
  }
}

/**
 * KEYS: servers, readers, heard. ARGV: this server, how long it holds what it has, number of uplinks, then pairs of an
 * uplink and how many milliseconds ago it was read to its end. Gives the uplinks that are this server's, and how long
 * ago the one that was heard last of all was. All times are Redis's own.
 */
const SHARE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local me, held, count = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

redis.call('ZADD', KEYS[1], now + held, me)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local servers = redis.call('ZRANGE', KEYS[1], 0, -1)
table.sort(servers)
local rank = 0
for index, server in ipairs(servers) do if server == me then rank = index - 1 end end
local share = math.floor(count / #servers)
if rank < count % #servers then share = share + 1 end

local mine, free = {}, {}
for uplink = 0, count - 1 do
  local reader = redis.call('HGET', KEYS[2], uplink)
  local till, who = string.match(reader or '', '^(%d+) (.+)$')
  if who == me then table.insert(mine, uplink)
  elseif not who or tonumber(till) <= now then table.insert(free, uplink) end
end
while #mine > share do redis.call('HDEL', KEYS[2], table.remove(mine)) end
while #mine < share and #free > 0 do table.insert(mine, table.remove(free, 1)) end
table.sort(mine)
local holds = {}
for _, uplink in ipairs(mine) do
  holds[uplink] = true
  redis.call('HSET', KEYS[2], uplink, string.format('%.0f %s', now + held, me))
end

for index = 4, #ARGV, 2 do
  if holds[tonumber(ARGV[index])] then
    redis.call('HSET', KEYS[3], ARGV[index], string.format('%.0f', now - tonumber(ARGV[index + 1])))
  end
end
local oldest = 0
for uplink = 0, count - 1 do
  local at = redis.call('HGET', KEYS[3], uplink)
  if not at then return {mine, -1} end
  oldest = math.max(oldest, now - tonumber(at))
end
return {mine, oldest}
`
