import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import path from 'node:path'
import { ROOT } from './root.js'

const SERVER = createRequire(path.join(ROOT, 'package.json')).resolve(
  'yaml-language-server/out/server/src/server.js',
)

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: { readonly items?: readonly unknown[] }
  readonly result?: unknown
}

/** The YAML language server that editors start, spoken to as they do (LSP over stdio). */
export class LanguageServer {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (result: unknown) => void>()
  #left = Buffer.alloc(0)
  #count = 0

  constructor() {
    this.#child = spawn(process.execPath, [SERVER, '--stdio'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    this.#child.stdout?.on('data', (data: Buffer) => this.#read(data))
  }

  /** Starts the session, as a client that shows Markdown. */
  async start(): Promise<void> {
    const textDocument = {
      completion: { completionItem: { documentationFormat: ['markdown'] } },
      hover: { contentFormat: ['markdown'] },
    }
    const capabilities = { textDocument }
    await this.ask('initialize', { processId: process.pid, rootUri: null, capabilities })
    this.tell('initialized', {})
  }

  /** Sends a request and waits for its result. */
  ask(method: string, params: unknown): Promise<unknown> {
    const id = ++this.#count
    const result = new Promise<unknown>((resolve) => this.#waiting.set(id, resolve))
    this.#send({ id, method, params })
    return result
  }

  /** Sends a notification. */
  tell(method: string, params: unknown): void {
    this.#send({ method, params })
  }

  async end(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.kill()
    await ended
  }

  #send(message: object): void {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message })
    this.#child.stdin?.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
  }

  #read(data: Buffer): void {
    this.#left = Buffer.concat([this.#left, data])
    for (;;) {
      const end = this.#left.indexOf('\r\n\r\n')
      const [, length] = /Content-Length: (\d+)/.exec(this.#left.toString('latin1', 0, end)) ?? []
      const next = end + 4 + Number(length)
      if (end < 0 || length === undefined || this.#left.length < next) return
      const message = JSON.parse(this.#left.toString('utf8', end + 4, next)) as Message
      this.#left = this.#left.subarray(next)
      this.#take(message)
    }
  }

  #take({ id, method, params, result }: Message): void {
    if (id === undefined) return
    if (method === undefined) this.#waiting.get(id)?.(result)
    else this.#send({ id, result: params?.items?.map(() => null) ?? null })
  }
}
