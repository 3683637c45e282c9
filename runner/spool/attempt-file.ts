import { readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { AttemptMessage, AttemptRef } from '../../protocol/uplink.js'

/**
 * What a successor has to know about an attempt whose runner died: kept as `attempt.json` beside the
 * attempt's spool files. The directory is there for as long as anything of it is not acknowledged.
 */
export interface AttemptFile extends AttemptRef {
  readonly session: string
  /** State messages handed to the uplink so far, in order; log chunks are in the spool files. */
  readonly states: readonly AttemptMessage[]
  /** True when the last message of the attempt is among `states`. */
  readonly finished: boolean
}

const NAME = 'attempt.json'

/** Writes the file in one step: a reader sees the old one or the new one. */
export async function writeAttemptFile(directory: string, attempt: AttemptFile): Promise<void> {
  const temporary = path.join(directory, `${NAME}.new`)
  await writeFile(temporary, JSON.stringify(attempt), { mode: 0o600 })
  await rename(temporary, path.join(directory, NAME))
}

/** The file's content, or null when it is missing or makes no sense. */
export async function readAttemptFile(directory: string): Promise<AttemptFile | null> {
  try {
    const value = JSON.parse(await readFile(path.join(directory, NAME), 'utf8')) as AttemptFile
    const isSound = Number.isSafeInteger(value.stageId) && Number.isSafeInteger(value.attempt)
    return isSound && Array.isArray(value.states) ? value : null
  } catch {
    return null
  }
}

/** Directory name of an attempt's spool and stage directories. */
export function attemptName(ref: AttemptRef): string {
  return `${ref.stageId}-${ref.attempt}`
}
