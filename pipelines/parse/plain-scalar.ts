import type { ScalarNode } from './tree.js'

/**
 * What a scalar without quotes means: YAML 1.2's core schema, whatever a `%YAML` directive says, so
 * that `on` and `no` stay text. Source: https://yaml.org/spec/1.2.2/#103-core-schema
 */
export function plainValue(text: string): ScalarNode['value'] {
  if (!MAY_BE_SPECIAL.test(text)) return text
  if (NULL.test(text)) return null
  if (TRUE.test(text)) return true
  if (FALSE.test(text)) return false
  if (INTEGER.test(text)) return Number(text)
  if (OCTAL.test(text)) return Number.parseInt(text.slice(2), 8)
  if (HEXADECIMAL.test(text)) return Number.parseInt(text.slice(2), 16)
  if (FLOAT.test(text)) return Number(text)
  if (INFINITE.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  return NOT_A_NUMBER.test(text) ? NaN : text
}

/** Most text starts with another character. */
const MAY_BE_SPECIAL = /^(?:$|[-+.0-9~nNtTfF])/
const NULL = /^(?:~|null|Null|NULL)?$/
const TRUE = /^(?:true|True|TRUE)$/
const FALSE = /^(?:false|False|FALSE)$/
const INTEGER = /^[-+]?[0-9]+$/
const OCTAL = /^0o[0-7]+$/
const HEXADECIMAL = /^0x[0-9a-fA-F]+$/
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
const INFINITE = /^[-+]?\.(?:inf|Inf|INF)$/
const NOT_A_NUMBER = /^\.(?:nan|NaN|NAN)$/
