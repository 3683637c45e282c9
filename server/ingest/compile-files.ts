import type { GitMirror } from '../../git/types.js'
import type { SourceFile } from '../../pipelines/diagnostic.js'
import {
  type CompileInput,
  compilePipeline,
  type CompileResult,
} from '../../pipelines/compile/compile-pipeline.js'
import type { KnownTexts } from '../../pipelines/parse/budget.js'

/** Included files can include others, this deep. */
const ROUNDS_MAX = 12
const FILES_MAX = 200
const BYTES_MAX = 4 * 1024 * 1024

/** What compiling gave, or why the files that it wants can't all be had. */
export type CompiledFiles = CompileResult | { readonly error: string }

/**
 * Compiles the files, with those of the same commit that they include.
 * @throws SandpiperError SP_GIT_...
 */
export async function compileFiles(
  mirror: GitMirror,
  commit: string,
  sources: readonly SourceFile[],
  input: Omit<CompileInput, 'files'>,
): Promise<CompiledFiles> {
  const files = new Map<string, string | null>()
  const known: KnownTexts = new Map()
  let bytesLeft = BYTES_MAX
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const result = compilePipeline(sources, { ...input, files, known })
    if (result.wanted.length === 0) return result
    if (files.size + result.wanted.length > FILES_MAX) {
      return { error: `${nameOf(sources)}: more than ${FILES_MAX} files are included` }
    }
    const found = await mirror.readFiles(commit, result.wanted, bytesLeft)
    for (const [path, text] of found) {
      files.set(path, text)
      bytesLeft -= text === null ? 0 : Buffer.byteLength(text)
    }
  }
  return { error: `${nameOf(sources)}: files include each other more than ${ROUNDS_MAX} deep` }
}

function nameOf(sources: readonly SourceFile[]): string {
  return sources.map(({ file }) => file).join(', ')
}
