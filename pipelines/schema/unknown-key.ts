import { typoOf } from '../diagnostics/did-you-mean.js'
import { quote } from '../diagnostics/quote.js'
import type { Entry, MapNode } from '../parse/tree.js'
import type { DecodeContext } from './shape.js'

/** What a mapping tells about keys that are not its own. */
export interface UnknownKeyRules {
  /** Tells where a key belongs that makes sense elsewhere, or has another name here. */
  readonly hintFor?: (key: string) => string | undefined
  /** Allows a key where that is right. */
  readonly allowUnknown?: (entry: Entry) => boolean
  /** Whether nothing would be done without the key that was likely meant: then it is an error anywhere. */
  readonly isVital?: (meant: string, node: MapNode) => boolean
}

/**
 * Reports a key that the language does not have. What is likely a mistyped key is an error, for what it
 * was meant to do would not happen; but in files of other tools, which ran like that,
 * only where nothing else would happen either. Any other key
 * is a warning.
 */
export function reportUnknownKey(
  known: readonly string[],
  { hintFor, allowUnknown, isVital }: UnknownKeyRules,
  { entry, node }: { readonly entry: Entry; readonly node: MapNode },
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
    const isError = dialect === 'sandpiper' || isVital?.(meant, node) === true
    const severity = isError ? 'error' : 'warning'
    reporter[severity]('SP_PIPELINE_UNKNOWN_KEY', keySpan, message, `did you mean \`${meant}\`?`)
  }
}
