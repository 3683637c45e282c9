import { once } from 'node:events'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { runBare } from '../../runner/bare-run/run-bare.js'
import type { BareRun, BareRunResult } from '../../runner/bare-run/types.js'
import { openLocalHost } from '../../runner/local-host.js'
import { unkeptWarning } from '../../runner/kept-limits.js'
import { readImages } from '../../runner/layers/named-images.js'
import { storePaths } from '../../runner/layers/store-files.js'
import type { CommandContext } from '../command.js'
import { dataDirOf } from '../data-dir.js'
import { usageError } from '../errors.js'
import { ExitCode } from '../exit-code.js'
import { printJson } from '../io.js'
import { readRunOptions } from '../sandbox/read-options.js'
import { runJson } from '../sandbox/result-json.js'
import { imagesConfig } from '../images/registries.js'
import { requireRoot } from './require-root.js'

/** `sandpiper sandbox run`: see the command's help. */
export async function runSandboxRun(context: CommandContext): Promise<number> {
  const { io } = context
  if (context.option('image') === undefined && !context.has('host')) {
    throw usageError('give --image NAME or --host', await imagesHint(context))
  }
  const run = readRunOptions(context)
  await requireRoot(io, 'sandbox run')
  const { unkept, result } = await runOnHost(context, run)
  for (const line of [result.error, ...(result.warnings ?? [])]) {
    if (isNews(line)) io.stderr.write(`sandpiper: ${line}\n`)
  }
  const code = exitCodeOf(result)
  if (context.json) printJson(io, runJson(withWarnings(result, unkept), code))
  return code
}

/** The command's own, but no success where it was ended: it may have exited with 0 when it was asked to. */
function exitCodeOf({ wasInterrupted, status, exitCode }: BareRunResult): number {
  if (wasInterrupted) return ExitCode.interrupted
  return status === 'success' ? exitCode : exitCode || ExitCode.failed
}

/** An exit code tells for itself. */
function isNews(line: string): boolean {
  return line !== '' && !/^failed: exit code \d+$/.test(line)
}

function withWarnings(result: BareRunResult, unkept: string | null): BareRunResult {
  return unkept === null ? result : { ...result, warnings: [unkept, ...(result.warnings ?? [])] }
}

/** What ran, and the warning of limits that nothing keeps, which has been printed before it ran. */
interface Ran {
  readonly result: BareRunResult
  readonly unkept: string | null
}

async function runOnHost(context: CommandContext, run: BareRun): Promise<Ran> {
  const { io, settings, json } = context
  const images = await imagesConfig(context)
  const host = await openLocalHost({ dataDir: dataDirOf(io, settings), ...images })
  try {
    const unkept = unkeptWarning(host.deps.limits, 'the command runs')
    if (unkept !== null) io.stderr.write(`sandpiper: warning: ${unkept}\n`)
    // With --json stdout is the document's alone.
    const stream = json ? io.stderr : io.stdout
    const write = (bytes: Buffer): Promise<void> => writeAll(stream, bytes)
    const say = (line: string): void => void io.stderr.write(`sandpiper: ${line}\n`)
    const hooks = { write, say, signal: io.stop, kill: io.abort }
    return { result: await runBare(run, host, hooks), unkept }
  } finally {
    await host.close()
  }
}

async function writeAll(stream: Writable, bytes: Buffer): Promise<void> {
  if (!stream.write(bytes)) await once(stream, 'drain')
}

async function imagesHint({ io, settings }: CommandContext): Promise<string> {
  const store = storePaths(join(dataDirOf(io, settings), 'layers'))
  const images = await readImages(store).catch(() => [])
  if (images.length === 0) return '`sandpiper image import busybox --busybox` makes an image'
  return `images here: ${images.map(({ name }) => name).join(', ')}`
}
