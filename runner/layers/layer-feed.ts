import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { layerError, layerProgram } from './layer-program.js'

/** Takes what is to be written, and resolves when more may come. */
export type Sink = (chunk: Buffer) => Promise<void>

/** Small pieces are gathered to this many bytes before they are written. */
const GATHERED_BYTES = 64 * 1024
const STDERR_BYTES_MAX = 20_000

/**
 * Starts the program that fills a directory, and lets `write` feed it its records; resolves when it has
 * carried them out. When it ends before it has read everything, its own error is the one that is thrown.
 * @throws SandpiperError SP_LAYER_TOOL, SP_LAYER_DISK_FULL; whatever `write` throws
 */
export async function feedUnpack<T>(
  directory: string,
  write: (sink: Sink) => Promise<T>,
): Promise<T> {
  const child = spawn(layerProgram(), ['unpack', '--', directory], {
    env: {},
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('latin1')).slice(0, STDERR_BYTES_MAX)
  })
  child.stdin.on('error', () => undefined)
  const done = once(child, 'close').then((ended) => {
    const [code, signal] = ended as [number | null, string | null]
    if (code === 0) return
    const how = signal === null ? `exit code ${String(code)}` : signal
    throw layerError('unpack a layer', said, `the program ended with ${how}`)
  })
  done.catch(() => undefined)
  try {
    const feed = new Feed(child.stdin, done)
    const result = await write((chunk) => feed.write(chunk))
    await feed.end()
    await done
    return result
  } catch (error) {
    child.kill('SIGKILL')
    await done.catch(() => undefined)
    throw error
  }
}

/** Gathers small pieces, and waits as long as the program does not read. */
class Feed {
  readonly #to: Writable
  readonly #done: Promise<void>
  #isOver = false
  #wake: () => void = () => undefined
  #gathered = Buffer.allocUnsafe(GATHERED_BYTES)
  #size = 0

  constructor(to: Writable, done: Promise<void>) {
    this.#to = to
    this.#done = done
    to.on('drain', () => this.#wake())
    void done
      .catch(() => undefined)
      .finally(() => {
        this.#isOver = true
        this.#wake()
      })
  }

  async write(chunk: Buffer): Promise<void> {
    const isLarge = chunk.length >= GATHERED_BYTES / 2
    if (isLarge || this.#size + chunk.length > GATHERED_BYTES) await this.#flush()
    if (isLarge) return this.#send(chunk)
    chunk.copy(this.#gathered, this.#size)
    this.#size += chunk.length
  }

  async end(): Promise<void> {
    await this.#flush()
    this.#to.end()
  }

  async #flush(): Promise<void> {
    if (this.#size === 0) return
    const gathered = this.#gathered.subarray(0, this.#size)
    this.#gathered = Buffer.allocUnsafe(GATHERED_BYTES)
    this.#size = 0
    await this.#send(gathered)
  }

  async #send(chunk: Buffer): Promise<void> {
    if (!this.#to.write(chunk) && !this.#isOver) {
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    // It throws why the program has ended.
    if (this.#isOver) await this.#done
  }
}
