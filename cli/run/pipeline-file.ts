import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import {
  compilePipeline,
  formatDiagnostic,
  type CompileInput,
  type CompileResult,
  SOURCE_LENGTH_MAX,
} from '../../pipelines/index.js'
import { messageOf } from '../../protocol/errors.js'
import { CliError } from '../errors.js'
import { ExitCode } from '../exit-code.js'

/**
 * What is read of a file. A UTF-16 code unit takes at most three bytes of UTF-8: with one byte more than
 * that the compiler itself says that the file is too long.
 */
const READ_BYTES_MAX = 3 * SOURCE_LENGTH_MAX + 1

/** A compiled pipeline file with what there is to say about it. */
export type CompiledFile = CompileResult

/**
 * Reads and compiles a pipeline file.
 * @param name what messages call it
 * @throws CliError SP_CLI_FILE (exit 2) when it can't be read
 */
export async function compileFile(
  file: string,
  name: string,
  input: CompileInput,
): Promise<CompiledFile> {
  return compilePipeline([{ file: name, text: await readSource(file) }], input)
}

/** Diagnostics as text for people, in the order of the file. */
export function formatDiagnostics({
  diagnostics,
  sources,
}: Pick<CompiledFile, 'diagnostics' | 'sources'>): string {
  return diagnostics.map((diagnostic) => `${formatDiagnostic(diagnostic, sources)}\n`).join('')
}

/**
 * The text of a pipeline file.
 * @throws CliError SP_CLI_FILE (exit 2) when it can't be read
 */
export async function readSource(file: string): Promise<string> {
  try {
    return await readRegularFile(file)
  } catch (error) {
    throw new CliError(ExitCode.usage, 'SP_CLI_FILE', `can't read ${file}: ${messageOf(error)}`, {
      hint: 'give the path of a pipeline file, for example .pipeline.yml',
      cause: error,
    })
  }
}

/**
 * A diagnostic shows a line of the file, and whoever made the tree may not be who runs this: links are not
 * followed, and nothing is waited for that a pipe or device might send.
 */
async function readRegularFile(file: string): Promise<string> {
  const handle = await openNoFollow(file)
  try {
    if (!(await handle.stat()).isFile()) throw new Error('it is not a regular file')
    const chunks: Buffer[] = []
    const end = READ_BYTES_MAX - 1
    for await (const chunk of handle.createReadStream({ end, autoClose: false })) {
      chunks.push(chunk as Buffer)
    }
    return Buffer.concat(chunks).toString('utf8')
  } finally {
    await handle.close()
  }
}

async function openNoFollow(file: string): Promise<FileHandle> {
  const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants
  try {
    return await open(file, O_RDONLY | O_NONBLOCK | O_NOFOLLOW)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ELOOP') throw error
    throw new Error('it is a symbolic link, which is not followed', { cause: error })
  }
}
