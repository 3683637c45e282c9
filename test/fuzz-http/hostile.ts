import type { Random } from '../fuzz/random.js'
import type { Schema } from './operations.js'

/** What stands in a part of a path, encoded as it is sent. */
export const PATH_PARTS: readonly string[] = [
  '..',
  '.',
  '..%2f..%2fetc%2fpasswd',
  '%2e%2e',
  '%252e%252e%252f',
  '%00',
  'a%00b',
  '%0d%0aX-Injected:%20yes',
  '%c0%af',
  '%c0%ae%c0%ae',
  '%f0%80%80%af',
  '%ff%fe',
  '%zz',
  '%',
  '%e2%80%ae',
  '--upload-pack',
  '$(id)',
  '%60id%60',
  "'%20or%201=1--",
  '%7b%7b7*7%7d%7d',
  '<script>',
  '%3cscript%3e',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'latest',
  'branches',
  '0',
  '-1',
  '1e3',
  '1.5',
  'NaN',
  'Infinity',
  '9007199254740993',
  '2147483648',
  '9223372036854775808',
  '999999999999999',
  'x'.repeat(100),
  'x'.repeat(5000),
  '\u00fc',
  '%F0%9F%92%A9',
  '*',
  ';',
  '?',
  '#',
  '',
]

/** Values of query parameters, encoded as they are sent. */
export const QUERY_VALUES: readonly string[] = [
  ...PATH_PARTS.filter((part) => !/[?#]/.test(part)),
  'true',
  'o/n',
  'a%00/b%00',
  'yes',
  'null',
  'undefined',
  '[]',
  '{}',
  '0x10',
  '1e309',
  '-0',
  'WyJidWlsZHMiLDFd',
  'WyJyZXBvcyIsbnVsbF0',
  Buffer.from(JSON.stringify(['builds', -1])).toString('base64url'),
  Buffer.from(JSON.stringify(['builds', Number.MAX_VALUE])).toString('base64url'),
  Buffer.from('{"__proto__":{"a":1}}').toString('base64url'),
  '['.repeat(1000),
]

/** Values of JSON. */
export const JSON_VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e308,
  Number.MAX_SAFE_INTEGER,
  -Number.MAX_SAFE_INTEGER,
  2 ** 31,
  2 ** 63,
  '',
  ' ',
  '\0',
  'a\0b',
  '\r\nX-Injected: yes\r\n\r\n',
  '../../../etc/passwd',
  '\u202e\u2066',
  '\ud800',
  '\u001b[2J\u001b]0;x\u0007',
  '<img src=x onerror=alert(1)>',
  '__proto__',
  "'; drop table repos; --",
  'ext::sh -c id',
  '-oProxyCommand=id',
  'file:///etc/passwd',
  'x'.repeat(2000),
  'x'.repeat(60_000),
  '(a+)+'.repeat(20),
  [],
  [[]],
  [null],
  {},
  { toString: 1, valueOf: null },
  { __proto__: null, length: -1 },
  Array.from({ length: 3000 }, (_, index) => index),
  Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`k${index}`, index])),
]

/** Headers that say something else than they should. */
export const HEADERS: readonly (readonly [name: string, value: string])[] = [
  ['Range', 'bytes=0-0,5-1,-99999999999999999999'],
  ['Range', 'lines=1-'],
  ['Range', 'bytes=-1'],
  ['If-None-Match', '*'],
  ['If-None-Match', `"${'x'.repeat(4000)}"`],
  ['If-None-Match', 'W/"'.repeat(500)],
  ['If-Match', '"nothing"'],
  ['If-Modified-Since', 'yesterday'],
  ['Last-Event-ID', '-1'],
  ['Last-Event-ID', '99999999999999999999-9'],
  ['Last-Event-ID', '1-2-3'],
  ['Last-Event-ID', '\u00ff\u00fe'],
  ['Accept', '*/*;q=nan, text/event-stream;q=2'],
  ['Accept', 'text/event-stream'],
  ['Accept', 'application/json, application/x-ndjson;q=0.1'],
  ['Accept', ','.repeat(3000)],
  ['Accept', 'image/png'],
  ['Accept-Encoding', 'gzip;q=0, *;q=0'],
  ['Content-Encoding', 'gzip'],
  ['Expect', '100-continue'],
  ['Expect', 'nothing'],
  ['Cookie', 'sandpiper_session=x; sandpiper_session=%00; =; ;;'],
  ['Cookie', 'a=b; '.repeat(1000)],
  ['Authorization', 'Bearer'],
  ['Authorization', `Bearer ${'x'.repeat(8000)}`],
  ['Authorization', 'Basic \u00ff'],
  ['Authorization', 'Bearer a b c'],
  ['X-Forwarded-For', '\u00ff, ::1, 999.999.999.999'],
  ['X-Forwarded-Host', 'evil.example.org'],
  ['X-Request-Id', 'mine'],
  ['X-HTTP-Method-Override', 'DELETE'],
  ['Origin', 'null'],
  ['Upgrade', 'websocket'],
  ['Content-Length', '-1'],
  ['Transfer-Encoding', 'chunked, identity'],
  ['X-Huge', 'x'.repeat(40_000)],
  ['X-Bad: y\r\nX-Injected', 'yes'],
  ['X Bad', 'y'],
  ['', 'y'],
  ['X-Nul', 'a\0b'],
]

/** Content types for a body of JSON. */
export const CONTENT_TYPES: readonly string[] = [
  'application/json',
  'application/json; charset=utf-7',
  'application/x-www-form-urlencoded',
  'text/plain',
  'multipart/form-data; boundary=x',
  'application/octet-stream',
  'application/xml',
  '/',
  'application/json;'.repeat(100),
  '',
]

/** Text of bodies that no generator of JSON would make. */
export const BODIES: readonly (() => string | Buffer)[] = [
  () => '['.repeat(60_000),
  () => '{"a":'.repeat(10_000),
  () => `${'['.repeat(30_000)}${']'.repeat(30_000)}`,
  () => JSON.stringify('x'.repeat(1024 * 1024)),
  () => `{"name":"${'x'.repeat(1024 * 1024)}"}`,
  () => '{"name":1,"name":2,"name":{"a":1}}',
  () => '{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}',
  () => '{"a":{"__proto__":{"admin":true}}}',
  () => '{"n":1e999999,"m":-1e-999999}',
  () => `{"n":${'9'.repeat(50_000)}}`,
  () => '{"a":NaN}',
  () => '\ufeff{}',
  () => Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d]),
  () => Buffer.from([0xff, 0xfe, 0x7b, 0x00]),
  () => Buffer.alloc(1000),
  () => '',
  () => ' ',
  () => 'null',
  () => '"text"',
  () => 'a=1&a=2&b[c]=3&__proto__=4&=&&%zz=%',
  () => 'a&'.repeat(20_000),
]

/** Something that fits the schema, more or less: enough to come past its first check. */
export function sample(schema: Schema, random: Random): unknown {
  if (schema.const !== undefined) return schema.const
  if (schema.enum !== undefined) return random.pick(schema.enum)
  if (schema.anyOf !== undefined) return sample(random.pick(schema.anyOf), random)
  switch (schema.type) {
    case 'object':
      return sampleObject(schema, random)
    case 'array':
      return schema.items === undefined ? [] : [sample(schema.items, random)]
    case 'integer':
    case 'number':
      return Math.max(schema.minimum ?? 0, random.next(5))
    case 'boolean':
      return random.next(2) === 0
    case 'null':
      return null
    default:
      return 'abcdefgh'.padEnd(schema.minLength ?? 0, 'x')
  }
}

function sampleObject({ properties = {}, required = [] }: Schema, random: Random): object {
  const entries = Object.entries(properties).filter(
    ([name]) => required.includes(name) || random.next(3) === 0,
  )
  return Object.fromEntries(entries.map(([name, schema]) => [name, sample(schema, random)]))
}
