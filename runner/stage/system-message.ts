/** A line of the runner's own in a step's log, told apart from the step's output by its prefix. */
export function systemMessage(text: string): Buffer {
  return Buffer.from(`[sandpiper] ${text}\n`)
}
