import { resolve } from 'node:path'
import type { CommandContext } from '../command.js'
import { ExitCode } from '../exit-code.js'
import { localEvent, localRepo } from '../exec/event.js'
import { anonymousTree } from '../exec/working-tree.js'
import { printJson, printLine } from '../io.js'
import { compileFile, formatDiagnostics } from './pipeline-file.js'

/** `sandpiper lint`: see the command's help. */
export async function runLint(context: CommandContext): Promise<ExitCode> {
  const { io } = context
  const input = { event: localEvent(NOWHERE, { event: 'push' }), repo: localRepo(NOWHERE) }
  const results = []
  for (const file of context.rest) {
    const compiled = await compileFile(resolve(io.cwd, file), file, input)
    const { diagnostics, plan } = compiled
    results.push({ file, ok: plan !== null, diagnostics })
    if (context.json) continue
    io.stdout.write(formatDiagnostics(compiled))
    if (plan !== null && diagnostics.length === 0) printLine(io, `${file}: ok`)
  }
  if (context.json) printJson(io, results)
  return results.every(({ ok }) => ok) ? ExitCode.ok : ExitCode.failed
}

/** Checking a file needs an event; which one makes no difference, as all of the file is checked. */
const NOWHERE = anonymousTree('/', 'local/lint')
