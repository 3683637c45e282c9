import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rename } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import type { RunnerLog } from './log.js'

const run = promisify(execFile)

/**
 * Deletes directories off the critical path. What is discarded is moved aside at once and removed by
 * `rm`, one process at a time: its walk is by descriptors, so neither depth nor names nor links that
 * a step has made can hinder or mislead it, and none of it happens on our event loop.
 */
export class Trash {
  readonly #directory: string
  readonly #log: RunnerLog
  #queue: string[] = []
  #emptying: Promise<void> | null = null

  private constructor(directory: string, log: RunnerLog) {
    this.#directory = directory
    this.#log = log
  }

  /** Opens the trash directory and starts to remove what a predecessor left in it. */
  static async open(directory: string, log: RunnerLog): Promise<Trash> {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const trash = new Trash(directory, log)
    for (const name of await readdir(directory)) trash.#remove(path.join(directory, name))
    return trash
  }

  /** Moves a file or directory on the trash's file system away; it need not exist. */
  async discard(target: string): Promise<void> {
    const aside = path.join(this.#directory, randomBytes(8).toString('hex'))
    try {
      await rename(target, aside)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
      throw error
    }
    this.#remove(aside)
  }

  /** Resolves when nothing is left to be removed. */
  async idle(): Promise<void> {
    while (this.#emptying) await this.#emptying
  }

  #remove(target: string): void {
    this.#queue.push(target)
    this.#emptying ??= this.#empty()
  }

  async #empty(): Promise<void> {
    while (this.#queue.length > 0) {
      const targets = this.#queue.splice(0, 100)
      await run('rm', ['-rf', '--one-file-system', '--', ...targets]).catch((error: unknown) =>
        this.#log.warn({ targets, error: String(error) }, 'could not remove directories'),
      )
    }
    this.#emptying = null
  }
}
