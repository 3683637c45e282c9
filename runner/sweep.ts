import { open, readdir, rm, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { messageOf } from '../protocol/errors.js'
import type { RunnerLog } from './log.js'
import { readAttemptFile, type AttemptFile } from './spool/attempt-file.js'
import { readRecords, wholeRecordsLength } from './spool/read-records.js'
import type { Trash } from './trash.js'
import type { Lane, LogSource } from './uplink/lane.js'
import type { Uplink } from './uplink/uplink.js'

/** Throws away what the stages of a dead predecessor left on disk. */
export async function sweepStages(stagesDir: string, trash: Trash): Promise<void> {
  for (const name of await readdir(stagesDir)) await trash.discard(path.join(stagesDir, name))
}

export interface LeftoverOptions {
  readonly spoolDir: string
  readonly uplink: Uplink
  readonly log: RunnerLog
}

/** Names of the spool directories that a predecessor left; take them before any stage runs. */
export async function listLeftovers(spoolDir: string): Promise<string[]> {
  return readdir(spoolDir)
}

/**
 * Ships what a dead predecessor could not: the logs of its attempts, then, for each, that it was
 * abandoned. A spool is removed when the server has all of it. The server ignores what it has already.
 */
export async function shipLeftovers(
  names: readonly string[],
  options: LeftoverOptions,
): Promise<void> {
  for (const name of names) {
    const directory = path.join(options.spoolDir, name)
    try {
      await shipLeftover(directory, options)
    } catch (error) {
      options.log.error({ directory, error: messageOf(error) }, 'could not ship a left-over spool')
    }
  }
}

async function shipLeftover(directory: string, options: LeftoverOptions): Promise<void> {
  const attempt = await readAttemptFile(directory)
  if (attempt) await shipAttempt(directory, attempt, options)
  await rm(directory, { recursive: true, force: true })
}

async function shipAttempt(
  directory: string,
  attempt: AttemptFile,
  { uplink, log }: LeftoverOptions,
): Promise<void> {
  const { stageId, attempt: number } = attempt
  log.info({ stageId, attempt: number }, 'shipping what a former runner left')
  const lane = uplink.openLane({ stageId, attempt: number })
  const handles = await openLogs(directory, lane)
  uplink.wake()
  await lane.idle()
  // It did finish, only the server may not know: it decides whether this still counts.
  const holder = attempt.session
  if (attempt.finished) for (const state of attempt.states) lane.state({ ...state, holder })
  const reason = 'the runner ended before the stage did'
  lane.state({ type: 'stage.abandoned', ...lane.ref, reason })
  uplink.wake()
  await uplink.acknowledged(lane)
  uplink.closeLane(lane)
  for (const handle of handles) await handle.close()
}

async function openLogs(directory: string, lane: Lane): Promise<FileHandle[]> {
  const handles: FileHandle[] = []
  for (const name of await readdir(directory)) {
    const step = /^(\d+)\.ndjson$/.exec(name)?.[1]
    if (step === undefined) continue
    const handle = await open(path.join(directory, name), 'r')
    handles.push(handle)
    lane.openLog(Number(step), await fileSource(handle))
  }
  return handles
}

async function fileSource(handle: FileHandle): Promise<LogSource> {
  // The last write may have been cut short by the end of the runner.
  const length = await wholeRecordsLength(handle)
  return { length, read: (offset, bytesMax) => readRecords(handle, offset, length, bytesMax) }
}
