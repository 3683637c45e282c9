import { setTimeout as delay } from 'node:timers/promises'
import { messageOf } from '../../protocol/errors.js'
import { CliError } from '../errors.js'
import { ExitCode } from '../exit-code.js'
import type { ServerAddress } from './find-server.js'

/** Tries in a row before a server counts as gone; with the pauses between them about half a minute. */
export const TRIES_MAX = 25

const PAUSE_MS_MAX = 2000

export interface Patience {
  readonly signal: AbortSignal
  /** Default `TRIES_MAX`. */
  readonly triesMax?: number
  /** Told at the first of several tries that fail. */
  readonly onLost?: () => void
}

/** Counts the failures in a row of one connection, and pauses longer after each. */
export class Failures {
  readonly #server: ServerAddress
  readonly #patience: Patience
  #count = 0

  constructor(server: ServerAddress, patience: Patience) {
    this.#server = server
    this.#patience = patience
  }

  /** The server answered as it should. */
  reset(): void {
    this.#count = 0
  }

  /**
   * Waits before the next try.
   * @throws the error itself when trying again would not help, SP_CLI_SERVER_LOST when it did not,
   * the signal's reason when it is aborted
   */
  async pause(error: unknown): Promise<void> {
    const { signal, triesMax = TRIES_MAX, onLost } = this.#patience
    signal.throwIfAborted()
    if (isRefusal(error)) throw error
    this.#count++
    if (this.#count >= triesMax) throw serverLost(this.#server, error)
    if (this.#count === 1) onLost?.()
    await delay(Math.min(100 * this.#count, PAUSE_MS_MAX), undefined, { signal })
  }
}

/** Asks until there is an answer. @throws as `Failures.pause` */
export async function askPatiently<T>(
  server: ServerAddress,
  patience: Patience,
  ask: () => Promise<T>,
): Promise<T> {
  const failures = new Failures(server, patience)
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      await failures.pause(error)
    }
  }
}

/** Asking again would bring the same answer. A server that is away or in trouble may come back. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof CliError)) return false
  return error.exitCode === ExitCode.usage || error.code === 'SP_HTTP_UNAUTHORIZED'
}

function serverLost(server: ServerAddress, error: unknown): CliError {
  const why = messageOf(error)
  return new CliError(
    ExitCode.host,
    'SP_CLI_SERVER_LOST',
    `lost the server at ${server.url} while following: ${why}`,
    {
      hint: 'follow it again when the server answers',
      cause: error,
    },
  )
}
