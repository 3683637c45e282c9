/**
 * The ways in which programs print a text that they were given in another form than it is, each as a list of
 * patterns that are to be masked.
 */
export function encodingsOf(text: string): readonly string[] {
  return [...jsonForms(text), ...urlForms(text), ...shellForms(text), ...htmlForms(text)]
}

/** As it stands between the quotes of a JSON string: of JavaScript, Go, Python and PHP, and once more escaped. */
function jsonForms(text: string): readonly string[] {
  const plain = JSON.stringify(text).slice(1, -1)
  const html = plain.replace(/[<>&\u2028\u2029]/g, unicodeEscape)
  const ascii = plain.replace(/[^\0-\x7e]/g, unicodeEscape)
  const forms = [plain, html, ascii, plain.replaceAll('/', '\\/'), ascii.replaceAll('/', '\\/')]
  return [...forms, JSON.stringify(plain).slice(1, -1)]
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** Percent-encoding: `encodeURIComponent`, RFC 3986 and forms; Python's and others' that leave more as it is. */
function urlForms(text: string): readonly string[] {
  const bytes = Buffer.from(text)
  const forms = ["-_.!~*'()", '-_.~', '-_.~/', '*-._', '-_.', "-_.~!$&'()*+,;=:@/?"].map((safe) =>
    percentEncode(bytes, safe),
  )
  return forms.flatMap((form) => {
    const lower = form.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase())
    return [form, lower, form.replaceAll('%20', '+'), lower.replaceAll('%20', '+')]
  })
}

function percentEncode(bytes: Buffer, safe: string): string {
  return Array.from(bytes, (byte) => {
    const character = String.fromCharCode(byte)
    if (/[A-Za-z0-9]/.test(character) || safe.includes(character)) return character
    return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }).join('')
}

/** What shells print of it: `set -x`, `printf %q`, `${x@Q}`; and what `shlex.quote` makes. */
function shellForms(text: string): readonly string[] {
  return [
    text.replaceAll("'", "'\\''"),
    text.replaceAll("'", `'"'"'`),
    text.replace(/["\\$`]/g, '\\$&'),
    text.replace(/["\\$`!]/g, '\\$&'),
    backslashed(text),
    dollarQuoted(text, false),
    dollarQuoted(text, true),
  ]
}

/** bash(1), printf %q: each special character behind a backslash. */
function backslashed(text: string): string {
  return text.replace(/[^A-Za-z0-9_@%+=:./\u0080-\uffff-]/g, '\\$&')
}

/** bash(1), QUOTING: `$'...'`; what is not ASCII in octal where the locale has no UTF-8. */
function dollarQuoted(text: string, isAscii: boolean): string {
  const bytes = isAscii ? Buffer.from(text) : null
  const units = bytes ? Array.from(bytes, (byte) => String.fromCharCode(byte)) : Array.from(text)
  return units.map(dollarEscape(isAscii)).join('')
}

const NAMED: ReadonlyMap<string, string> = new Map([
  ['\x07', '\\a'],
  ['\b', '\\b'],
  ['\t', '\\t'],
  ['\n', '\\n'],
  ['\v', '\\v'],
  ['\f', '\\f'],
  ['\r', '\\r'],
  ['\x1b', '\\E'],
  ["'", "\\'"],
  ['\\', '\\\\'],
])

function dollarEscape(isAscii: boolean): (character: string) => string {
  return (character) => {
    const named = NAMED.get(character)
    if (named !== undefined) return named
    const code = character.charCodeAt(0)
    const isPlain = code >= 0x20 && code !== 0x7f && (!isAscii || code < 0x80)
    return isPlain ? character : `\\${code.toString(8).padStart(3, '0')}`
  }
}

function htmlForms(text: string): readonly string[] {
  const basic = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  const quoted = basic.replaceAll('"', '&quot;')
  return [basic, quoted, ...['&#39;', '&#x27;', '&apos;'].map((it) => quoted.replaceAll("'", it))]
}
