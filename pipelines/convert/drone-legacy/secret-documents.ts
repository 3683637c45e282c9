import { quote } from '../../diagnostics/quote.js'
import type { Document, Entry } from '../../parse/tree.js'
import type { Ledger } from '../change.js'
import { entryAt, mapAt, scalarAt, valueOf } from '../nodes.js'

/** `secrets` of the file, kept in a vault: a document of the kind `secret` for each. */
export function secretDocuments(secrets: Entry | undefined, ledger: Ledger): Document[] {
  if (secrets?.value.kind !== 'map') return []
  ledger.changed(secrets.keySpan, 'each of `secrets` is a document of the kind `secret`')
  return [...secrets.value.entries.values()].flatMap((entry) => secretDocument(entry, ledger))
}

function secretDocument({ key, keySpan, value }: Entry, ledger: Ledger): Document[] {
  const options = valueOf(value, 'driver_opts')
  const path = valueOf(options, 'path') ?? valueOf(value, 'path') ?? valueOf(value, 'vault')
  if (path === undefined) {
    ledger.dropped(keySpan, `the secret ${quote(key)} says no path: it is left out`)
    return []
  }
  const name = valueOf(options, 'key')
  const get = [
    entryAt('path', path, path.span),
    ...(name === undefined ? [] : [entryAt('name', name, name.span)]),
  ]
  const root = mapAt(
    [
      entryAt('kind', scalarAt('secret', keySpan), keySpan),
      entryAt('name', scalarAt(key, keySpan), keySpan),
      entryAt('get', mapAt(get, value.span), keySpan),
    ],
    value.span,
  )
  return [{ root, anchorUses: [] }]
}
