import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import {
  type Change,
  CONVERT_FROM,
  type ConvertedText,
  convertText,
  type ConvertFrom,
  type SourceFile,
} from '../../pipelines/index.js'
import { messageOf } from '../../protocol/errors.js'
import type { CommandContext } from '../command.js'
import { CliError, usageError } from '../errors.js'
import { ExitCode } from '../exit-code.js'
import { printJson } from '../io.js'
import { cleanName } from '../terminal/log-lines.js'
import { findBuildFiles } from './find-pipeline-files.js'
import { formatDiagnostics } from './pipeline-file.js'

/** `sandpiper convert`: see the command's help. */
export async function runConvert(context: CommandContext): Promise<ExitCode> {
  const { io } = context
  const file = context.args[0] ?? ''
  const from = fromOption(context.option('from'))
  const { sources } = await findBuildFiles(io, file)
  const { text, changes, diagnostics } = convertAll(sources, from)
  const out = context.option('out')
  if (text !== null && out !== undefined) await writeNew(resolve(io.cwd, out), out, text)
  if (context.json) printJson(io, { text, changes, diagnostics })
  else {
    const errors = diagnostics.filter(({ severity }) => severity === 'error')
    io.stderr.write(formatDiagnostics({ diagnostics: errors, sources }))
    io.stderr.write(changes.map(describe).join(''))
    if (text !== null && out === undefined) io.stdout.write(text)
  }
  return text === null ? ExitCode.failed : ExitCode.ok
}

/** The files of a directory become documents of one text; null when one of them can't be converted. */
function convertAll(sources: readonly SourceFile[], from: ConvertFrom): ConvertedText {
  const amongOthers = sources.length > 1
  const all = sources.map((source) => convertText(source, from, { amongOthers }))
  const texts = all.flatMap(({ text }) => text ?? [])
  return {
    text: texts.length === all.length ? texts.join('\n---\n') : null,
    changes: all.flatMap(({ changes }) => changes),
    diagnostics: all.flatMap(({ diagnostics }) => diagnostics),
  }
}

function fromOption(value = 'auto'): ConvertFrom {
  const known = CONVERT_FROM.find((one) => one === value)
  if (known !== undefined) return known
  throw usageError(`there is no language ${value}`, `--from takes ${CONVERT_FROM.join(', ')}`)
}

function describe({ at, kind, message }: Change): string {
  return `${cleanName(`${at}: ${kind}: ${message}`)}\n`
}

/** A pipeline file that is there already is somebody's work. */
async function writeNew(path: string, name: string, text: string): Promise<void> {
  try {
    const handle = await open(path, 'wx')
    try {
      await handle.writeFile(text)
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw new CliError(ExitCode.usage, 'SP_CLI_FILE', `can't write ${name}: ${messageOf(error)}`, {
      hint: 'name a file that is not there yet',
      cause: error,
    })
  }
}
