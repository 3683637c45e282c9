import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { base64Forms } from './base64-forms.js'
import { encodingsOf } from './encodings.js'
import { MASK, Masker, MaskRules } from './masker.js'
import { canMask } from './patterns.js'

function maskIn(rules: MaskRules, pieces: readonly Buffer[]): string {
  const masker = new Masker(rules)
  const out = [...pieces.map((piece) => masker.write(piece)), masker.end()]
  return Buffer.concat(out).toString('latin1')
}

/** Cuts at the given places, taken modulo the length. */
function cut(data: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (data.length + 1)), data.length]
  const pieces: Buffer[] = []
  let start = 0
  for (const end of ends.sort((a, b) => a - b)) {
    pieces.push(data.subarray(start, end))
    start = end
  }
  return pieces
}

const secretText = fc
  .oneof(
    fc.string({ minLength: 6, maxLength: 40 }),
    fc.string({ minLength: 6, maxLength: 40, unit: 'grapheme' }),
    fc.string({
      minLength: 6,
      maxLength: 120,
      unit: fc.constantFrom(...Array.from(`ab\n '"\\$&/+=%é`)),
    }),
    fc.stringMatching(/^[A-Za-z0-9+/=_-]{8,200}$/),
  )
  .filter((text) => canMask(text) && !text.includes('*') && Buffer.from(text).toString() === text)

describe('masking', () => {
  it('gives the same however the output is cut', () => {
    const few = fc.constantFrom('a', 'b', 'ab', '\n', '\r\n', 'YWJj', 'x')
    const noise = fc.array(fc.oneof(few, fc.string({ maxLength: 5 })), { maxLength: 60 })
    const secrets = fc.array(
      fc.oneof(
        secretText,
        fc.string({ minLength: 3, maxLength: 9, unit: fc.constantFrom('a', 'b', '\n') }),
      ),
      { minLength: 1, maxLength: 4 },
    )
    fc.assert(
      fc.property(secrets, noise, fc.array(fc.nat()), fc.nat(), (values, words, places, which) => {
        const form = formsOf(values[0] ?? '')
        const text = [...words, form[which % form.length] ?? '', ...words].join('')
        const data = Buffer.from(text)
        const rules = new MaskRules(values)
        const whole = maskIn(rules, [data])
        expect(maskIn(rules, cut(data, places))).toBe(whole)
        expect(
          maskIn(
            rules,
            Array.from(data, (byte) => Buffer.of(byte)),
          ),
        ).toBe(whole)
      }),
      { numRuns: 300 },
    )
  })

  it('leaves no form of a secret, whatever is around it', () => {
    fc.assert(
      fc.property(
        secretText,
        fc.nat(),
        fc.string(),
        fc.string(),
        (secret, which, before, after) => {
          const forms = formsOf(secret)
          const form = forms[which % forms.length] as string
          const rules = new MaskRules([secret])
          const masked = rules.mask(`${before}${form}${after}`)
          expect(masked).toContain(MASK)
          expect(masked.includes(form.trim())).toBe(false)
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('leaves no base64 of a text with the secret in it, in lines of any length', () => {
    const around = fc.uint8Array({ maxLength: 90 })
    fc.assert(
      fc.property(
        secretText,
        around,
        around,
        fc.integer({ min: 20, max: 80 }),
        (secret, before, after, width) => {
          const bytes = Buffer.concat([before, Buffer.from(secret.trim()), after])
          const text = bytes.toString('base64')
          const lines = text.match(new RegExp(`.{1,${width}}`, 'g')) ?? []
          for (const end of ['\n', '\r\n']) {
            const masked = new MaskRules([secret]).mask(lines.join(end))
            // What is left of it tells less than a few characters in a row.
            const left = Buffer.from(
              masked.replaceAll(/[\r\n]/g, '').replaceAll(MASK, ''),
              'base64',
            )
            const known = Buffer.from(secret.trim())
            expect(left.length).toBeLessThanOrEqual(bytes.length - known.length + 9)
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  it('changes nothing else', () => {
    const rules = new MaskRules(['hunter2-and-more'])
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (pieces) => {
        const data = pieces.map((piece) => Buffer.from(piece))
        expect(maskIn(rules, data)).toBe(Buffer.concat(data).toString('latin1'))
      }),
    )
  })
})

function formsOf(secret: string): readonly string[] {
  const trimmed = secret.trim()
  const bytes = Buffer.from(trimmed)
  const hex = bytes.toString('hex')
  return [trimmed, ...encodingsOf(trimmed), ...base64Forms(bytes), hex, hex.toUpperCase()]
}

describe('the forms that are masked', () => {
  const secret = `p@ss "w'ord$ / é+\\~`
  const rules = new MaskRules([secret])
  it.each([
    ['as it is', secret],
    ['JSON', JSON.stringify(secret)],
    ['JSON in JSON', JSON.stringify(JSON.stringify(secret))],
    ['JSON of Python', '"p@ss \\"w\'ord$ / \\u00e9+\\\\~"'],
    ['JSON of PHP', '"p@ss \\"w\'ord$ \\/ \\u00e9+\\\\~"'],
    ['a URL', encodeURIComponent(secret)],
    ['a URL in lower case', encodeURIComponent(secret).replace(/%../g, (it) => it.toLowerCase())],
    ['a form', new URLSearchParams({ secret }).toString()],
    ['single quotes of a shell', `'p@ss "w'\\''ord$ / é+\\~'`],
    ["Python's shlex.quote", `'p@ss "w'"'"'ord$ / é+\\~'`],
    ['double quotes of a shell', `"p@ss \\"w'ord\\$ / é+\\\\~"`],
    ['printf %q', `p@ss\\ \\"w\\'ord\\$\\ /\\ é+\\\\\\~`],
    ['ANSI quotes of a shell', `$'p@ss "w\\'ord$ / \\303\\251+\\\\~'`],
    ['HTML', 'p@ss &quot;w&#39;ord$ / é+\\~'],
    ['hexadecimal', Buffer.from(secret).toString('hex')],
    ['base64', Buffer.from(secret).toString('base64')],
    ['base64 of a line', Buffer.from(`${secret}\n`).toString('base64')],
    ['base64url', Buffer.from(secret).toString('base64url')],
  ])('%s', (_what, text) => {
    const masked = rules.mask(`before ${text} after`)
    expect(masked).toMatch(/^before .{0,12}\*{6}.{0,4} after$/)
  })

  it.each([0, 1, 2])('base64 with %i bytes before it', (shift) => {
    const text = Buffer.from(`${'x'.repeat(shift)}${secret}yz`).toString('base64')
    const masked = rules.mask(text)
    expect(masked).toContain(MASK)
    expect(masked.length).toBeLessThan(20)
  })
})

describe('a secret of several lines', () => {
  const key = [
    '-----BEGIN PRIVATE KEY-----',
    'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC',
    'abc=',
    '-----END PRIVATE KEY-----',
    '',
  ].join('\n')
  const rules = new MaskRules([key])

  it('is masked line by line and keeps the lines of the log', () => {
    expect(rules.mask(`a\n${key}b\n`)).toBe(`a\n${`${MASK}\n`.repeat(4)}b\n`)
  })

  it('is masked where it is a part only, but for what any key has', () => {
    const text = 'x MIIEvQIBADANBgkqhkiG9w0BAQEFAASC y -----BEGIN PRIVATE KEY-----'
    expect(rules.mask(text)).toBe(`x ${MASK} y -----BEGIN PRIVATE KEY-----`)
  })

  it('is masked in base64 of any width', () => {
    const text = Buffer.from(key).toString('base64')
    for (const width of [16, 64, 76]) {
      const lines = text.match(new RegExp(`.{1,${width}}`, 'g')) ?? []
      expect(rules.mask(lines.join('\n')).replaceAll(/[*\n]/g, '')).toBe('')
    }
  })
})

describe('what is held back', () => {
  const rules = new MaskRules(['hunter2-7z'])

  it('is only what may be the start of a secret', () => {
    const masker = new Masker(rules)
    expect(masker.write(Buffer.from('Password: ')).toString()).toBe('Password: ')
    expect(masker.write(Buffer.from('x hun')).toString()).toBe('x ')
    expect(masker.write(Buffer.from('gry\nhunter2-7')).toString()).toBe('hungry\n')
    expect(masker.write(Buffer.from('z\n')).toString()).toBe(`${MASK}\n`)
    expect(masker.write(Buffer.from('hunt')).toString()).toBe('')
    expect(masker.end().toString()).toBe('hunt')
  })

  it('is never a whole line, nor more than a secret is long', () => {
    const masker = new Masker(rules)
    expect(masker.write(Buffer.from('aHVudGVyMi03\n')).length).toBeLessThan(13)
    const newlines = Buffer.alloc(100_000, '\n')
    expect(masker.write(newlines).length).toBeGreaterThan(99_990)
  })

  it('keeps no piece of output in memory', () => {
    const masker = new Masker(rules)
    const big = Buffer.from(`${'x'.repeat(1_000_000)}hun`)
    masker.write(big)
    expect(masker.end().buffer.byteLength).toBeLessThan(20_000)
  })
})

describe('secrets that can not be masked', () => {
  it('are those of one or two bytes, and blanks', () => {
    expect(['', 'a', 'ab', ' a\n', 'abc', 'é', 'é1'].map(canMask)).toEqual([
      ...[false, false, false, false, true, false, true],
    ])
    expect(new MaskRules(['ab', ' ']).isEmpty).toBe(true)
  })
})
