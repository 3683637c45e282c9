import type { Readable } from 'node:stream'
import {
  compilePipeline,
  type CompileInput,
  type CompileResult,
  type DiagnosticStyle,
  formatDiagnostic,
  SOURCE_LENGTH_MAX,
  type SourceFile,
} from '../../pipelines/index.js'
import { messageOf } from '../../protocol/errors.js'
import { CliError } from '../errors.js'
import { ExitCode } from '../exit-code.js'
import { readRegularFile } from './regular-file.js'
import { readRepoFile } from './repo-files.js'

/**
 * What is read of a file. A UTF-16 code unit takes at most three bytes of UTF-8: with one byte more than
 * that the compiler itself says that the file is too long.
 */
const READ_BYTES_MAX = 3 * SOURCE_LENGTH_MAX + 1

/** Included files can include others, this deep. */
const ROUNDS_MAX = 20
const INCLUDED_MAX = 50

/** Pipeline files that are compiled together, and the folder that what they include is looked up in. */
export interface PipelineFiles {
  readonly sources: readonly SourceFile[]
  readonly root: string
}

/**
 * Compiles pipeline files with what they include from the working tree.
 * @throws CliError SP_CLI_FILE (exit 2) when what they include can't be read
 */
export async function compileFiles(
  { sources, root }: PipelineFiles,
  input: CompileInput,
): Promise<CompileResult> {
  const files = new Map<string, string | null>()
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const result = compilePipeline(sources, { ...input, files })
    if (result.wanted.length === 0) return result
    if (files.size + result.wanted.length > INCLUDED_MAX) {
      throw tooMuchIncluded(sources, `more than ${INCLUDED_MAX} files are included`)
    }
    for (const path of result.wanted) files.set(path, await readRepoFile(root, path))
  }
  throw tooMuchIncluded(sources, `files include each other more than ${ROUNDS_MAX} deep`)
}

function tooMuchIncluded(sources: readonly SourceFile[], why: string): CliError {
  const message = `${sources[0]?.file ?? ''}: ${why}`
  return new CliError(ExitCode.usage, 'SP_CLI_FILE', message, { hint: 'put files together' })
}

/** Diagnostics as text for people, in the order of the files. */
export function formatDiagnostics(
  { diagnostics, sources }: Pick<CompileResult, 'diagnostics' | 'sources'>,
  style?: DiagnosticStyle,
): string {
  return diagnostics.map((one) => `${formatDiagnostic(one, sources, style)}\n`).join('')
}

/**
 * The text of a pipeline file.
 * @throws CliError SP_CLI_FILE (exit 2) when it can't be read
 */
export async function readSource(file: string): Promise<string> {
  try {
    return (await readRegularFile(file, READ_BYTES_MAX)).toString('utf8')
  } catch (error) {
    throw new CliError(ExitCode.usage, 'SP_CLI_FILE', `can't read ${file}: ${messageOf(error)}`, {
      hint: 'give the path of a pipeline file, for example .pipeline.yml',
      cause: error,
    })
  }
}

/** The text of a pipeline file that comes in on a stream; of a longer one as much as says that it is. */
export async function readStream(stream: Readable): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stream) {
    chunks.push(chunk as Buffer)
    length += (chunk as Buffer).length
    if (length >= READ_BYTES_MAX) break
  }
  return Buffer.concat(chunks).subarray(0, READ_BYTES_MAX).toString('utf8')
}
