import { Socket } from 'node:net'
import type { Readable } from 'node:stream'

/** A pipe's read end as a stream: watched by the event loop, never read in a thread. */
export function openOutput(fd: number): Readable {
  return new Socket({ fd, readable: true, writable: false })
}
