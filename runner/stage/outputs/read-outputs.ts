import { parseOutputs, type Outputs } from './parse-outputs.js'

/** Bytes that a step's output file may have; the whole of a larger one is refused. */
const OUTPUT_BYTES_MAX = 64 * 1024

/**
 * Reads what a step wrote to its output file.
 * @param taken names of the build's own variables, which no output may have
 */
export function readOutputs(content: Buffer, taken: ReadonlySet<string>): Outputs {
  if (content.length <= OUTPUT_BYTES_MAX) return parseOutputs(content.toString(), taken)
  return { values: {}, problems: [`the file has more than ${OUTPUT_BYTES_MAX} bytes`] }
}
