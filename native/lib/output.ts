import { Socket } from 'node:net'
import type { Readable } from 'node:stream'

/** What a program prints. */
export interface Outputs {
  readonly output: Readable
  /** Standard error where it has a pipe of its own. */
  readonly errors: Readable | null
}

/** Takes the pipes' read ends over: that of standard output, or of both, and that of standard error if it is apart. */
export function openOutputs([output, errors]: readonly number[]): Outputs {
  if (output === undefined) throw new Error('a program without an output')
  return { output: openPipe(output), errors: errors === undefined ? null : openPipe(errors) }
}

export function destroyOutputs({ output, errors }: Outputs): void {
  output.destroy()
  errors?.destroy()
}

/** Watched by the event loop, never read in a thread. */
function openPipe(fd: number): Readable {
  return new Socket({ fd, readable: true, writable: false })
}
