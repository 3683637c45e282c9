import { typoOf } from '../diagnostics/did-you-mean.js'
import { quote } from '../diagnostics/quote.js'
import type { Entry } from '../parse/tree.js'
import type { DecodeContext } from './shape.js'

/** What a mapping tells about keys that are not its own. */
export interface UnknownKeyRules {
  /** Tells where a key belongs that makes sense elsewhere, or has another name here. */
  readonly hintFor?: (key: string) => string | undefined
  /** Allows a key where that is right. */
  readonly allowUnknown?: (entry: Entry) => boolean
}

/**
 * Reports a key that the language does not have. What is likely a mistyped key is an error, for what it
 * was meant to do would not happen; but not in files of other tools, which ran like that. Any other key
 * is a warning.
 */
export function reportUnknownKey(
  known: readonly string[],
  { hintFor, allowUnknown }: UnknownKeyRules,
  entry: Entry,
  { reporter, dialect }: DecodeContext,
): void {
  if (allowUnknown?.(entry) === true) return
  const { key, keySpan } = entry
  const message = `unknown key ${quote(key)}`
  const hint = hintFor?.(key)
  const meant = hint === undefined ? typoOf(key, known) : undefined
  if (meant === undefined) {
    reporter.warning('SP_PIPELINE_UNKNOWN_KEY', keySpan, message, hint)
  } else {
    const severity = dialect === 'sandpiper' ? 'error' : 'warning'
    reporter[severity]('SP_PIPELINE_UNKNOWN_KEY', keySpan, message, `did you mean \`${meant}\`?`)
  }
}
