import { readFile, stat } from 'node:fs/promises'
import {
  compilePipeline,
  formatDiagnostic,
  type CompileInput,
  type Plan,
} from '../../pipelines/index.js'
import type { Diagnostic } from '../../pipelines/index.js'
import { messageOf } from '../../protocol/errors.js'
import { CliError } from '../errors.js'
import { ExitCode } from '../exit-code.js'

/** Far above what the compiler takes; keeps a wrong argument from filling the memory. */
const FILE_BYTES_MAX = 16 * 1024 * 1024

/** A compiled pipeline file with what there is to say about it. */
export interface CompiledFile {
  readonly source: string
  readonly plan: Plan | null
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Reads and compiles a pipeline file.
 * @throws CliError SP_CLI_FILE (exit 2) when it can't be read
 */
export async function compileFile(file: string, input: CompileInput): Promise<CompiledFile> {
  const source = await readSource(file)
  return { source, ...compilePipeline(source, { ...input, file }) }
}

/** Diagnostics as text for people, in the order of the file. */
export function formatDiagnostics(compiled: CompiledFile, file: string): string {
  return compiled.diagnostics
    .map((diagnostic) => `${formatDiagnostic(diagnostic, compiled.source, file)}\n`)
    .join('')
}

async function readSource(file: string): Promise<string> {
  try {
    if ((await stat(file)).size > FILE_BYTES_MAX) throw new Error('it is larger than 16 MiB')
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new CliError(ExitCode.usage, 'SP_CLI_FILE', `can't read ${file}: ${messageOf(error)}`, {
      hint: 'give the path of a pipeline file, for example .pipeline.yml',
      cause: error,
    })
  }
}
