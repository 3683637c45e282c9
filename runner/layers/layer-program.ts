import { join } from 'node:path'
import { buildDirectory } from '../../native/lib/addon.js'
import { errnoName } from '../../native/lib/error.js'
import { SandpiperError } from '../../protocol/errors.js'
import { printable } from './errors.js'

/** The program that reads and writes the files of layers: native/src/layer/main.cc. */
export function layerProgram(): string {
  return join(buildDirectory(), 'sandpiper-layer')
}

/** What the program says of a failure (native/src/layer/problem.h). */
export interface LayerProblem {
  /** 0 when no system call failed: `call` is the reason then. */
  readonly errno: number
  readonly call: string
  /** Bytes as latin1. */
  readonly path: string
}

/** The failure in what the program printed; null when it said nothing that is one. */
export function parseLayerProblem(text: string): LayerProblem | null {
  try {
    const { errno, call, path } = JSON.parse(text) as Partial<LayerProblem>
    if (typeof call !== 'string' || typeof path !== 'string') return null
    return { errno: Number(errno), call, path }
  } catch {
    return null
  }
}

/** The failure in words, e.g. `"usr/bin" belongs to an id outside of the range`. */
export function describeLayerProblem({ errno, call, path }: LayerProblem): string {
  if (errno === 0) return `${printable(path)} ${call}`
  return `${call} on ${printable(path)}: ${errnoName(errno)}`
}

const DISK_FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT'])

/** Of an attribute ENOSPC means that it is larger than a file can have (ext4: a block), on the emptiest disk. */
const ATTRIBUTE_CALL = 'fsetxattr'

/**
 * The error for a failed run.
 * @param doing what the run was for, e.g. `unpack a layer`
 * @param said what the program printed on stderr
 * @param how how it ended, for a program that said nothing
 */
export function layerError(doing: string, said: string, how: string): SandpiperError {
  const problem = parseLayerProblem(said)
  if (problem !== null && isDiskFull(problem)) return diskFull(problem)
  const reason = problem === null ? `${how}: ${said.trim()}` : describeLayerProblem(problem)
  return new SandpiperError('SP_LAYER_TOOL', `can't ${doing}: ${reason}`)
}

function isDiskFull({ errno, call }: LayerProblem): boolean {
  return DISK_FULL.has(errnoName(errno)) && call !== ATTRIBUTE_CALL
}

function diskFull(problem: LayerProblem): SandpiperError {
  return new SandpiperError(
    'SP_LAYER_DISK_FULL',
    `the disk that holds the layer store is full: ${describeLayerProblem(problem)}`,
    { hint: 'Make room there, e.g. with `sandpiper image prune`, or give it a larger disk.' },
  )
}
