import type { Costs } from './apply-operator.js'

/**
 * Puts one text in place of another one, which is no pattern: `/` the first time that it is there, `//`
 * every time, `/#` at the start only, `/%` at the end only.
 */
export function replace(
  operator: '/' | '//' | '/#' | '/%',
  value: string,
  { old, replacement }: { readonly old: string; readonly replacement: string | undefined },
  costs: Costs,
): string {
  if (old === '') return value
  const added = replacement ?? ''
  switch (operator) {
    case '/':
      return replaceAt(value, value.indexOf(old), old, added)
    case '//':
      return replaceAll(value, old, added, costs)
    case '/#':
      return value.startsWith(old) ? replaceAt(value, 0, old, added) : value
    case '/%':
      return value.endsWith(old) ? replaceAt(value, value.length - old.length, old, added) : value
  }
}

function replaceAt(value: string, at: number, old: string, added: string): string {
  return at === -1 ? value : value.slice(0, at) + added + value.slice(at + old.length)
}

/** A short text in place of many letters can be long beyond measure, so its length is asked for first. */
function replaceAll(value: string, old: string, added: string, costs: Costs): string {
  const pieces = value.split(old)
  const length = value.length + (pieces.length - 1) * (added.length - old.length)
  return costs.text(Math.max(0, length)) ? pieces.join(added) : ''
}
