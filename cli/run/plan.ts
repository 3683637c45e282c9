import { join } from 'node:path'
import { formatSummary } from '../../pipelines/index.js'
import type { CommandContext } from '../command.js'
import { ExitCode } from '../exit-code.js'
import { localEvent, localRepo } from '../exec/event.js'
import { readEventOptions } from '../exec/event-options.js'
import { readWorkingTree } from '../exec/working-tree.js'
import { hasColoursOnStderr, printJson, printLine } from '../io.js'
import { hasPathConditions } from '../plan/path-conditions.js'
import { planNode } from '../plan/plan-node.js'
import { ASCII_MARKS, BOX_MARKS, isUtf8Locale, treeLines } from '../plan/tree.js'
import { createDiagnosticStyle, createStyle } from '../terminal/style.js'
import { findBuildFiles } from './find-pipeline-files.js'
import { compileFiles, formatDiagnostics } from './pipeline-file.js'

/** `sandpiper plan`: see the command's help. */
export async function runPlan(context: CommandContext): Promise<ExitCode> {
  const { io, args } = context
  const wish = readEventOptions(context)
  const files = await findBuildFiles(io, args[0])
  const tree = await readWorkingTree(join(files.root, '.git'))
  const facts = { event: localEvent(tree, wish), repo: localRepo(tree, wish.repo) }
  const compiled = await compileFiles(files, facts)
  const { plan, diagnostics, sources } = compiled
  if (context.json) printJson(io, { plan, diagnostics })
  else {
    const style = createDiagnosticStyle(hasColoursOnStderr(io))
    const summary = formatSummary(diagnostics, files.sources.length)
    io.stderr.write(formatDiagnostics(compiled, style))
    if (summary !== '') io.stderr.write(`${summary}\n`)
    if (plan !== null) {
      printTree(context, planNode(plan, facts, emphasis(io.colours)))
      const isAssumed = facts.event.changedFiles === undefined && hasPathConditions(sources)
      if (isAssumed) printLine(io, ASSUMED)
    }
  }
  return plan === null ? ExitCode.failed : ExitCode.ok
}

const ASSUMED =
  'conditions on paths are taken to hold, as no changed file is named: --changed PATH names one'

/** Columns where there is no terminal. */
const PIPED_WIDTH = 100

function printTree({ io, has }: CommandContext, node: ReturnType<typeof planNode>): void {
  const marks = has('ascii') || !isUtf8Locale(io.env) ? ASCII_MARKS : BOX_MARKS
  const { dim } = createStyle(io.colours)
  const width = io.terminalSize()?.columns ?? PIPED_WIDTH
  for (const line of treeLines(node, { marks, draw: dim, width })) printLine(io, line)
}

function emphasis(colours: boolean) {
  const { bold, dim } = createStyle(colours)
  return { bold, faint: dim }
}
