import { quote } from '../diagnostics/quote.js'
import type { Entry } from '../parse/tree.js'
import type { Ledger } from './change.js'
import { isTrue, textOf } from './nodes.js'

/**
 * Tells that runners refuse what is converted as it stands; which keys these are, see demands.ts. Files of
 * the host, devices too, are told by the table of volumes.
 */
export function checkTrust({ key, keySpan, value }: Entry, ledger: Ledger): void {
  const asks =
    (key === 'privileged' && isTrue(value)) ||
    (key === 'network_mode' && !HARMLESS_NETWORKS.includes(textOf(value) ?? ''))
  if (asks) ledger.check(keySpan, `runners refuse ${quote(key)}: the pipeline ends with an error`)
}

const HARMLESS_NETWORKS = ['', 'none', 'bridge', 'default']
