import type { Entry, MapNode, Node } from '../../parse/tree.js'
import type { Ledger } from '../change.js'
import { asList, entryAt, itemsOf, scalarAt, textOf, withValue } from '../nodes.js'

const SHELLS = /^(?:\/[\w./-]*\/)?(?:sh|ash|bash|dash|zsh|ksh|fish)$/

/** Of what is looked through for a shell. */
const ARGUMENT_LENGTH_MAX = 4096

/** What Woodpecker's own documentation has people write to run their commands in another shell. */
const SCRIPT_VARIABLE = 'CI_SCRIPT'

/**
 * `entrypoint`: as a list. Beside `commands` it says how Woodpecker's script is run: then what matters
 * is the shell in it.
 */
export function entrypointEntry(entry: Entry, step: MapNode, ledger: Ledger): Entry[] {
  const { keySpan, value } = entry
  const parts = itemsOf(value).map((item) => textOf(item) ?? '')
  if (!itemsOf(step.entries.get('commands')?.value).length) return [withValue(entry, asList(value))]
  const shell = shellOf(parts)
  if (shell === undefined) {
    ledger.dropped(keySpan, '`entrypoint` has no effect beside `commands`', 'use one of them')
    return []
  }
  ledger.changed(keySpan, '`entrypoint` of a step with `commands` is called `shell`')
  return [entryAt('shell', scalarAt(shell, firstSpan(value)), keySpan)]
}

function firstSpan(value: Node): Node['span'] {
  return itemsOf(value)[0]?.span ?? value.span
}

/** The shell that the script is piped into, else the program itself when it is a shell. */
function shellOf(parts: readonly string[]): string | undefined {
  const short = parts.filter((part) => part.length <= ARGUMENT_LENGTH_MAX)
  const command = short.find((part) => part.includes(SCRIPT_VARIABLE))
  const piped = command?.split('|').at(-1)?.trim().split(/\s+/)[0]
  const shell = [piped, short[0]].find((word) => word !== undefined && SHELLS.test(word))
  if (shell === undefined || shell.startsWith('/')) return shell
  return `/bin/${shell}`
}
