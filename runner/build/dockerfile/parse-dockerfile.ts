import { dockerfileError, tooLarge } from '../errors.js'
import { DOCKERFILE_BYTES_MAX, INSTRUCTIONS_MAX, STAGES_MAX } from '../limits.js'
import { decodeFrom, decodeInstruction } from './decode.js'
import { readDirectives } from './directives.js'
import type { ArgInstruction, Dockerfile, Instruction, StageSource } from './instruction.js'
import { logicalLines, type LogicalLine } from './logical-lines.js'

/**
 * Reads a Dockerfile, by Docker's reference and, where that is silent, as BuildKit's parser does it. We
 * have a parser of our own since none of npm's tells what BuildKit would: dockerfile-ast 0.7.1 loses the
 * spaces in `COPY ["a b", "c"]`, reads `["\u0041"]` as 0041 and `[x]` as a list, joins the line after one
 * that ends with two backslashes, and has the words of a heredoc among those of its instruction.
 * @param file as people named it, for messages
 * @throws SandpiperError SP_BUILD_DOCKERFILE, SP_BUILD_UNSUPPORTED, SP_BUILD_TOO_LARGE
 */
export function parseDockerfile(text: string, file: string): Dockerfile {
  const top = { file, line: 1 }
  if (Buffer.byteLength(text) > DOCKERFILE_BYTES_MAX) {
    throw tooLarge(top, `the file has more than ${String(DOCKERFILE_BYTES_MAX)} bytes`)
  }
  if (text.includes('\0')) throw dockerfileError(top, 'the file has a NUL character in it')
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/)
  const { escape, syntax } = readDirectives(lines, file)
  const logical = logicalLines(lines, { escape, syntax }, file)
  if (logical.length > INSTRUCTIONS_MAX) {
    throw tooLarge(top, `the file has more than ${String(INSTRUCTIONS_MAX)} instructions`)
  }
  const { args, stages } = stagesOf(logical, { file, escape })
  return { file, escape, syntax, args, stages }
}

/**
 * The instruction that an image has kept for those who build on it (ONBUILD).
 * @throws SandpiperError SP_BUILD_DOCKERFILE, SP_BUILD_UNSUPPORTED
 */
export function parseTrigger(
  text: string,
  { file, line, escape }: { readonly file: string; readonly line: number; readonly escape: string },
): Instruction {
  const [logical, ...more] = logicalLines(text.split('\n'), { escape: '\\', syntax: null }, file)
  if (logical === undefined || more.length > 0) {
    throw dockerfileError({ file, line }, 'a trigger (ONBUILD) of the image is no instruction')
  }
  return decodeInstruction({ ...logical, line }, { file, escape })
}

type Context = Pick<Dockerfile, 'file' | 'escape'>

function stagesOf(
  lines: readonly LogicalLine[],
  context: Context,
): Pick<Dockerfile, 'args' | 'stages'> {
  const args: ArgInstruction[] = []
  const stages: (Omit<StageSource, 'instructions'> & { readonly instructions: Instruction[] })[] =
    []
  for (const logical of lines) {
    const place = { file: context.file, line: logical.line }
    if (/^FROM(?:\s|$)/i.test(logical.text)) {
      if (stages.length === STAGES_MAX) {
        throw tooLarge(place, `there are more than ${String(STAGES_MAX)} stages`)
      }
      const from = decodeFrom(logical, context)
      if (from.name !== null && stages.some(({ name }) => name === from.name)) {
        throw dockerfileError(place, `there are two stages of the name ${from.name}`)
      }
      stages.push({ ...from, instructions: [] })
      continue
    }
    const instruction = decodeInstruction(logical, context)
    const stage = stages.at(-1)
    if (stage !== undefined) stage.instructions.push(instruction)
    else if (instruction.kind === 'ARG') args.push(instruction)
    else
      throw dockerfileError(
        place,
        `only ARG may stand before the first FROM, not ${instruction.kind}`,
      )
  }
  if (stages.length === 0) {
    throw dockerfileError({ file: context.file, line: 1 }, 'the file has no FROM')
  }
  return { args, stages }
}
