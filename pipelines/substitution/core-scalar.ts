/**
 * What a plain scalar means: the core schema of YAML 1.2.
 * Source: https://yaml.org/spec/1.2.2/#103-core-schema
 */
export function readCoreScalar(text: string): string | number | boolean | null {
  const bare = text.trim()
  if (bare.length > LENGTH_MAX) return text
  if (NULL.test(bare)) return null
  if (BOOLEAN.test(bare)) return bare.toLowerCase() === 'true'
  if (OCTAL.test(bare)) return Number.parseInt(bare.slice('0o'.length), 8)
  if (HEXADECIMAL.test(bare)) return Number.parseInt(bare.slice('0x'.length), 16)
  if (DECIMAL.test(bare)) return Number(bare)
  if (INFINITE.test(bare)) return bare.startsWith('-') ? -Infinity : Infinity
  return NOT_A_NUMBER.test(bare) ? Number.NaN : text
}

/** No number that anyone means is longer. */
const LENGTH_MAX = 400
const NULL = /^(?:~|null|Null|NULL|)$/
const BOOLEAN = /^(?:true|True|TRUE|false|False|FALSE)$/
const OCTAL = /^0o[0-7]+$/
const HEXADECIMAL = /^0x[0-9a-fA-F]+$/
const DECIMAL = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
const INFINITE = /^[-+]?\.(?:inf|Inf|INF)$/
const NOT_A_NUMBER = /^\.(?:nan|NaN|NAN)$/
