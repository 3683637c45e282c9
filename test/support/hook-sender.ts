import type { OutgoingHttpHeaders } from 'node:http'
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { signBody } from '../../protocol/git-hook.js'

/** How long each delivery took until its 2xx, in milliseconds, and how often it had to be sent. */
export interface Sent {
  readonly latencies: number[]
  retries: number
  duplicates: number
  /** Attempts that got no answer for `TIMEOUT_MS`. */
  timeouts: number
}

const TIMEOUT_MS = 20_000
const SOCKETS = 32

/** Sends signed webhooks to one address as a forge would: what gets no 2xx is sent again. */
export class HookSender {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: SOCKETS })
  readonly #address: () => string
  readonly #secret: string
  #next = 0
  readonly sent: Sent = { latencies: [], retries: 0, duplicates: 0, timeouts: 0 }

  constructor(address: () => string, secret: string) {
    this.#address = address
    this.#secret = secret
  }

  /**
   * Opens all connections, and makes and signs bodies, so that this process compiles its own code before anything is
   * measured: else the slowest answers are those that wait for the sender. It sends the server only probes of its
   * health, so its first webhooks, for which it has to compile its code, are measured as they come.
   */
  async warmUp(commit: string): Promise<void> {
    for (let round = 0; round < 20; round += 1) {
      const probes = Array.from({ length: SOCKETS }, (_, index) => {
        const body = Buffer.from(pushOf(`warm-${index}`, commit))
        return this.#send('GET', '/healthz', { 'x-signature': signBody(this.#secret, body) })
      })
      await Promise.all(probes)
    }
  }

  /** So many deliveries, `atOnce` of them at any time. */
  async asFastAsPossible(count: number, atOnce: number, commit: string): Promise<void> {
    let left = count
    const work = async (): Promise<void> => {
      while (left > 0) {
        left -= 1
        this.#next += 1
        await this.deliver(`fast-${this.#next}`, commit)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, work))
  }

  /** So many a second, each at its time, whether the ones before it were answered or not. */
  async atRate(count: number, perSecond: number, commit: string, name: string): Promise<void> {
    const began = performance.now()
    const under: Promise<void>[] = []
    for (let index = 0; index < count; index += 1) {
      const wait = began + (index * 1_000) / perSecond - performance.now()
      if (wait > 1) await sleep(wait)
      under.push(this.deliver(`${name}-${index}`, commit))
    }
    await Promise.all(under)
  }

  async deliver(id: string, commit: string): Promise<void> {
    const body = Buffer.from(pushOf(id, commit))
    const signature = signBody(this.#secret, body)
    for (;;) {
      const began = performance.now()
      const answer = await this.#post(id, body, signature)
      if (answer !== null) {
        this.sent.latencies.push(performance.now() - began)
        if (answer.includes('"duplicate":true')) this.sent.duplicates += 1
        return
      }
      this.sent.retries += 1
      await sleep(50)
    }
  }

  close(): void {
    this.#agent.destroy()
  }

  #post(id: string, body: Buffer, signature: string): Promise<string | null> {
    const headers = {
      'content-type': 'application/json',
      'content-length': body.length,
      'x-github-event': 'push',
      'x-github-delivery': id,
      'x-hub-signature-256': signature,
    }
    return this.#send('POST', '/hooks/github?repo=o/n', headers, body)
  }

  /** Text of a 2xx answer, else null. */
  #send(
    method: string,
    path: string,
    headers: OutgoingHttpHeaders,
    body?: Buffer,
  ): Promise<string | null> {
    return new Promise((resolve) => {
      const options = { method, agent: this.#agent, headers, timeout: TIMEOUT_MS }
      const call = request(`${this.#address()}${path}`, options, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (piece: string) => (text += piece))
        response.on('end', () => resolve((response.statusCode ?? 500) < 300 ? text : null))
        response.on('error', () => resolve(null))
      })
      call.on('timeout', () => {
        this.sent.timeouts += 1
        call.destroy()
      })
      call.on('error', () => resolve(null))
      call.end(body)
    })
  }
}

/** A push as large as GitHub's usually are. */
function pushOf(id: string, commit: string): string {
  const author = { name: 'Ada', email: 'ada@example.org', username: 'ada' }
  const one = { id: commit, message: `Commit of ${id}`, timestamp: '2026-08-22T10:00:00Z', author }
  return JSON.stringify({
    ref: 'refs/heads/main',
    before: '0'.repeat(40),
    after: commit,
    head_commit: one,
    commits: Array.from({ length: 10 }, () => ({ ...one, added: ['a'], modified: ['b/c'] })),
    repository: { full_name: 'o/n', description: 'x'.repeat(2_000), pushed_at: id },
    sender: { login: 'ada', avatar_url: 'https://example.org/ada.png' },
  })
}

/** The value that so many of a hundred are not above. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0
}
