/** First lines of the hooks we write; what tells ours from a foreign one. */
export const HOOK_MARK = '# Written by `sandpiper hook install`.'

export interface HookScript {
  /** Absolute path of the node that runs the program. */
  readonly node: string
  /** Absolute path of `bin/sandpiper`. */
  readonly program: string
  /** Absolute path of the file with address and secret. */
  readonly config: string
  /** Absolute path of a hook that was there before and is run first, or null. */
  readonly previous: string | null
}

/**
 * Text of the post-receive hook. Git gives the pushed refs on stdin, so they are kept for both hooks.
 * The push is over when it runs: its exit code changes nothing, and it never waits long.
 */
export function hookScript(script: HookScript): string {
  const send = `${quote(script.node)} ${quote(script.program)} hook send --config ${quote(script.config)}`
  const lines = [
    '#!/bin/sh',
    HOOK_MARK,
    '# Tells Sandpiper about every push. Change it with that command, not here.',
  ]
  lines.push('refs=$(cat)')
  if (script.previous !== null) lines.push(`printf '%s\\n' "$refs" | ${quote(script.previous)}`)
  lines.push(`printf '%s\\n' "$refs" | ${send} || true`)
  return `${lines.join('\n')}\n`
}

/** Quotes a word for /bin/sh. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}
