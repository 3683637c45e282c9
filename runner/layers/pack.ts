import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { layerError, layerProgram } from './layer-program.js'

/** How a directory becomes an archive. */
export interface PackOptions {
  /** Ids `start`.. on disk are 0.. in the archive; files of others are an error. */
  readonly ids?: { readonly start: number; readonly count: number }
  /** Owner of everything, in place of what files have. */
  readonly owner?: { readonly uid: number; readonly gid: number }
  /** All times are 0. */
  readonly noTimes?: boolean
  /** It is the upper directory of an overlay: its marks become OCI's whiteouts. */
  readonly overlay?: boolean
  /** Where the files are in the archive, e.g. `usr/src`; default: at its root. */
  readonly prefix?: string
  /** The directory itself is in the archive, too. */
  readonly withRoot?: boolean
  readonly signal?: AbortSignal
}

const STDERR_BYTES_MAX = 20_000

/**
 * A directory as a tar archive whose bytes depend on nothing but the directory: sorted, with numeric
 * owners, attributes (`user.*` and file capabilities) and exact times. Sockets and devices are left out,
 * and so is what is mounted below it. It is read by a process that sees nothing else.
 * @throws SandpiperError SP_LAYER_TOOL, also when a file changes while it is read; AbortError
 */
export async function* packTree(
  directory: string,
  options: PackOptions = {},
): AsyncGenerator<Buffer> {
  const { signal } = options
  signal?.throwIfAborted()
  const child = spawn(layerProgram(), ['pack', ...argumentsOf(options), '--', directory], {
    env: {},
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal === undefined ? {} : { signal, killSignal: 'SIGKILL' }),
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('latin1')).slice(0, STDERR_BYTES_MAX)
  })
  const ended = once(child, 'close')
  ended.catch(() => undefined)
  try {
    for await (const chunk of child.stdout) yield chunk as Buffer
    const [code, killed] = (await ended) as [number | null, string | null]
    if (code !== 0) throw layerError(`pack ${directory}`, said, endOf(code, killed))
  } finally {
    child.kill('SIGKILL')
  }
}

function argumentsOf(options: PackOptions): readonly string[] {
  const { ids, owner, prefix } = options
  return [
    ...(ids === undefined ? [] : ['--ids', `${ids.start}:${ids.count}`]),
    ...(owner === undefined ? [] : ['--chown', `${owner.uid}:${owner.gid}`]),
    ...(options.noTimes === true ? ['--no-times'] : []),
    ...(options.overlay === true ? ['--overlay'] : []),
    ...(prefix === undefined ? [] : ['--prefix', prefix]),
    ...(options.withRoot === true ? ['--with-root'] : []),
  ]
}

function endOf(code: number | null, signal: string | null): string {
  return signal === null ? `it ended with exit code ${String(code)}` : `it was ended by ${signal}`
}
