/* eslint-disable no-control-regex -- control characters are what this file is about */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { sanitizeTerminalText, stripTerminalText } from './sanitize.js'

const ESC = '\x1b'

describe('sanitizeTerminalText', () => {
  it('keeps text, tabs, newlines and colours', () => {
    const text = `plain\tтекст 漢字\n${ESC}[1;31mred${ESC}[0m ${ESC}[38:2::1:2:3mtrue colour${ESC}[m\n`
    expect(sanitizeTerminalText(text)).toBe(text)
  })

  it.each([
    ['cursor movement', `a${ESC}[2Ab`],
    ['clearing the screen', `a${ESC}[2Jb`],
    ['the alternate screen', `a${ESC}[?1049hb`],
    ['a title', `a${ESC}]0;owned\x07b`],
    ['the clipboard', `a${ESC}]52;c;ZXZpbA==${ESC}\\b`],
    ['a hyperlink', `a${ESC}]8;;http://evil.example${ESC}\\b`],
    ['a device control string', `a${ESC}P+q544e${ESC}\\b`],
    ['an application command', `a${ESC}_G payload${ESC}\\b`],
    ['a full reset', `a${ESC}cb`],
    ['a character set change', `a${ESC}(0b`],
    ['an 8-bit CSI', 'a\x9b2Jb'],
    ['an 8-bit OSC', 'a\x9d0;owned\x9cb'],
    ['a private SGR', `a${ESC}[>4;2mb`],
    ['bell, backspace and shift out', 'a\x07\x08\x0eb'],
    ['a bidirectional override', 'a\u202eb'],
  ])('takes out %s', (_what, text) => {
    expect(sanitizeTerminalText(text)).toBe('ab')
  })

  it('leaves nothing that a terminal would complete when a sequence is cut off', () => {
    expect(sanitizeTerminalText(`a${ESC}`)).toBe('a')
    expect(sanitizeTerminalText(`a${ESC}[`)).toBe('a')
    expect(sanitizeTerminalText(`a${ESC}[31`)).toBe('a')
    expect(sanitizeTerminalText(`a${ESC}]0;title`)).toBe('a')
  })

  it('is not fooled by one sequence inside another', () => {
    expect(sanitizeTerminalText(`${ESC}${ESC}[2J[2J`)).not.toContain(ESC)
    expect(sanitizeTerminalText(`${ESC}[3${ESC}[2J1m`)).not.toMatch(/\x1b\[[^m]*J/)
  })

  it('makes lines of what a carriage return would write over', () => {
    expect(sanitizeTerminalText('10%\r20%\r\ndone\r\n')).toBe('10%\n20%\ndone\n')
  })

  it('gives out SGR sequences as the only escapes, whatever goes in', () => {
    const pieces = fc.constantFrom(
      ESC,
      '[',
      ']',
      '31',
      ';',
      'm',
      'J',
      '?',
      '\x07',
      '\\',
      '\x9b',
      'P',
      'x',
      ' ',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(pieces).map((parts) => parts.join('')),
          fc.string(),
        ),
        (text) => {
          const rest = sanitizeTerminalText(text).replace(/\x1b\[[0-9;:]*m/g, '')
          expect(rest).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/)
        },
      ),
      { numRuns: 3000 },
    )
  })
})

describe('stripTerminalText', () => {
  it('takes colours out too', () => {
    expect(stripTerminalText(`${ESC}[31mred${ESC}[0m`)).toBe('red')
  })
})
