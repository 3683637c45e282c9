import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { parseOutputs, type Outputs } from './parse-outputs.js'

/** Bytes of a step's output file that are read; the whole of a larger one is refused. */
export const OUTPUT_BYTES_MAX = 64 * 1024

/**
 * Reads a step's output file, which is ours but has what the step wrote in it.
 * @param taken names of the build's own variables, which no output may have
 */
export async function readOutputs(file: string, taken: ReadonlySet<string>): Promise<Outputs> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const handle = await open(file, flags)
  try {
    if (!(await handle.stat()).isFile()) return refused('is no regular file')
    const buffer = Buffer.alloc(OUTPUT_BYTES_MAX + 1)
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0)
    if (bytesRead > OUTPUT_BYTES_MAX) return refused(`has more than ${OUTPUT_BYTES_MAX} bytes`)
    return parseOutputs(buffer.toString('utf8', 0, bytesRead), taken)
  } finally {
    await handle.close()
  }
}

function refused(why: string): Outputs {
  return { values: {}, problems: [`the file ${why}`] }
}
