import { type CompileResult, formatSummary } from '../../pipelines/index.js'
import type { CommandContext } from '../command.js'
import { usageError } from '../errors.js'
import { ExitCode } from '../exit-code.js'
import { localEvent, localRepo } from '../exec/event.js'
import { anonymousTree } from '../exec/working-tree.js'
import { printJson, printLine } from '../io.js'
import { type LintedFile, lintedFiles } from '../lint/linted-files.js'
import { sarifLog } from '../lint/sarif.js'
import { cleanName } from '../terminal/log-lines.js'
import { createDiagnosticStyle } from '../terminal/style.js'
import { findPipelineFiles } from './find-pipeline-files.js'
import { compileFiles, formatDiagnostics, type PipelineFiles } from './pipeline-file.js'

/** `sandpiper lint`: see the command's help. */
export async function runLint(context: CommandContext): Promise<ExitCode> {
  const { io, json, has, rest } = context
  if (json && has('sarif')) throw usageError('--json and --sarif exclude each other', 'give one')
  const groups = await findPipelineFiles(io, rest)
  const files: LintedFile[] = []
  for (const group of groups) {
    const result = await lint(group)
    const linted = lintedFiles(group.sources, result.diagnostics, has('strict'))
    files.push(...linted)
    if (!json && !has('sarif')) printResult(context, result, linted)
  }
  if (json) printJson(io, files)
  else if (has('sarif')) printJson(io, sarifLog(files))
  else printSummary(context, files)
  return files.every(({ ok }) => ok) ? ExitCode.ok : ExitCode.failed
}

/** Checking a file needs an event; which one makes no difference, as all of the file is checked. */
function lint(files: PipelineFiles): Promise<CompileResult> {
  const tree = anonymousTree('/', 'local/lint')
  return compileFiles(files, { event: localEvent(tree, { event: 'push' }), repo: localRepo(tree) })
}

function printResult(
  { io }: CommandContext,
  result: CompileResult,
  files: readonly LintedFile[],
): void {
  io.stdout.write(formatDiagnostics(result, createDiagnosticStyle(io.colours)))
  for (const { file, diagnostics } of files) {
    if (diagnostics.length === 0) printLine(io, `${cleanName(file)}: ok`)
  }
}

function printSummary({ io }: CommandContext, files: readonly LintedFile[]): void {
  const diagnostics = files.flatMap((file) => file.diagnostics)
  const summary = formatSummary(diagnostics, files.length)
  if (summary !== '') printLine(io, createDiagnosticStyle(io.colours).strong(summary))
}
