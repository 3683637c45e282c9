import {
  CODE_EXAMPLES,
  type CodeExample,
  DEFAULT_HINTS,
  nearest,
  PIPELINE_CODES,
  type PipelineCode,
} from '../../pipelines/index.js'
import type { CommandContext } from '../command.js'
import { usageError } from '../errors.js'
import { printJson, printLine } from '../io.js'
import { cleanName } from '../terminal/log-lines.js'
import { formatTable } from '../terminal/table.js'

/** `sandpiper explain`: see the command's help. */
export function runExplain({ io, args, json }: CommandContext): Promise<undefined> {
  const [asked] = args
  if (asked === undefined) {
    if (json) printJson(io, CODES.map(explanationOf))
    else printLine(io, formatTable(['CODE', 'MEANING'], Object.entries(PIPELINE_CODES)))
  } else {
    const explanation = explanationOf(codeNamed(asked))
    if (json) printJson(io, explanation)
    else printLine(io, explain(explanation))
  }
  return Promise.resolve(undefined)
}

const CODES = Object.keys(PIPELINE_CODES) as PipelineCode[]

const PREFIX = 'SP_PIPELINE_'

/** Case does not matter, and neither does what all codes begin with. */
function codeNamed(asked: string): PipelineCode {
  const name = asked.toUpperCase().replace(PREFIX, '')
  const found = CODES.find((code) => code === `${PREFIX}${name}`)
  if (found !== undefined) return found
  const names = CODES.map((code) => code.slice(PREFIX.length).toLowerCase())
  const near = nearest(name, names)
  const hint =
    near === undefined
      ? '`sandpiper explain` lists the codes of pipeline files; docs/errors.md has all others'
      : `did you mean \`${PREFIX}${near.toUpperCase()}\`?`
  throw usageError(`no diagnostic has the code ${cleanName(asked)}`, hint)
}

interface Explanation {
  readonly code: PipelineCode
  readonly meaning: string
  readonly hint: string
  readonly example: CodeExample | null
}

function explanationOf(code: PipelineCode): Explanation {
  const examples: Partial<Record<PipelineCode, CodeExample>> = CODE_EXAMPLES
  const example = examples[code] ?? null
  return { code, meaning: PIPELINE_CODES[code], hint: DEFAULT_HINTS[code], example }
}

function explain({ code, meaning, hint, example }: Explanation): string {
  const text = `${code}: ${meaning}\n\nTo do: ${hint}`
  if (example === null) return text
  const { wrong, right, file, other } = example
  const place = file === undefined ? '' : `, in ${file}`
  const beside = other === undefined ? '' : `\n\nwhere ${other[0]} is:\n\n${indented(other[1])}`
  return `${text}\n\nWrong${place}:\n\n${indented(wrong)}\n\nRight:\n\n${indented(right)}${beside}`
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '    ')
}
