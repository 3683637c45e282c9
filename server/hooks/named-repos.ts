import type { IncomingHttpHeaders } from 'node:http'
import { isRepoName } from '../http/schemas/params.js'
import { NAME_FIELDS_MAX, REPO_NAMES_MAX } from './limits.js'

/** Longest value that is looked at, in bytes; and what a form's encoding makes of it. */
const VALUE_BYTES_MAX = 1_024
const JSON_VALUE = /^\s*:\s*("(?:[^"\\]|\\.)*")/
const FORM_VALUE = /^([^%]|%(?!22))*/

/**
 * The repos that a body may be about, by the values that a field of that name has anywhere in it, without reading it
 * as JSON: nobody knows yet who sent it, so this decides no more than whose secrets are tried. Each is `owner/name` in
 * lower case, longer where a forge has groups in groups, or a name alone.
 */
export function reposNamedIn(
  headers: IncomingHttpHeaders,
  body: Buffer,
  field: string,
): readonly string[] {
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false
  const key = isForm ? `%22${field}%22%3A%22` : `"${field}"`
  const read = isForm ? readFormValue : readJsonValue
  const names = new Set<string>()
  let at = body.indexOf(key)
  for (let left = NAME_FIELDS_MAX; at !== -1 && left > 0; left -= 1) {
    if (names.size >= REPO_NAMES_MAX) break
    const from = at + key.length
    const value = read(body.toString('utf8', from, from + VALUE_BYTES_MAX))
    if (value !== null && isRepoName(value.split('/').at(-1) ?? '')) names.add(value.toLowerCase())
    at = body.indexOf(key, from)
  }
  return [...names]
}

function readJsonValue(text: string): string | null {
  return parsed(JSON_VALUE.exec(text)?.[1] ?? '')
}

function readFormValue(text: string): string | null {
  const value = FORM_VALUE.exec(text)?.[0] ?? ''
  try {
    return parsed(`"${decodeURIComponent(value)}"`)
  } catch {
    return null
  }
}

function parsed(json: string): string | null {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'string' ? value : null
  } catch {
    return null
  }
}
