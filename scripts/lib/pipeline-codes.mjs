import { CODE_EXAMPLES } from '../../dist/pipelines/diagnostics/code-examples.js'
import { PIPELINE_CODES } from '../../dist/pipelines/diagnostics/codes.js'
import { DEFAULT_HINTS } from '../../dist/pipelines/diagnostics/hints.js'

/** Whether compiling a pipeline file gives this code. */
export function isPipelineCode(code) {
  return Object.hasOwn(PIPELINE_CODES, code)
}

/** Lines of docs/errors.md below the title of a diagnostic's code: what it means, what to do, an example. */
export function pipelineCodeLines(code) {
  const lines = [PIPELINE_CODES[code], '', `- To do: ${DEFAULT_HINTS[code]}`]
  const example = CODE_EXAMPLES[code]
  if (example === undefined) return lines
  const { wrong, right, file = '.pipeline.yml', other } = example
  const place = file === '.pipeline.yml' ? '' : `, in \`${file}\``
  lines.push('', `Wrong${place}:`, '', fence(wrong), '', 'Right:', '', fence(right))
  if (other !== undefined) lines.push('', `where \`${other[0]}\` is`, '', fence(other[1]))
  return lines
}

/** Prettier leaves the sample as it stands: what is wrong must stay wrong. */
function fence(text) {
  return `<!-- prettier-ignore -->\n\`\`\`yaml\n${text}\n\`\`\``
}
