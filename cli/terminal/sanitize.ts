/* eslint-disable no-control-regex -- control characters are what this file is about */

/**
 * Makes text that a stranger wrote safe to print: of the escape sequences only SGR (colours and
 * attributes, ECMA-48 8.3.117) stays; cursor movement, titles, clipboard, hyperlinks, device reports and
 * every other control character go. Tabs and newlines stay; a carriage return inside a line becomes a
 * newline, as progress bars would otherwise write over the prefix.
 */
export function sanitizeTerminalText(text: string): string {
  return (
    text
      .replace(/\r+\n/g, '\n')
      .replace(/\r/g, '\n')
      // Strings (OSC, DCS, SOS, PM, APC) with their content, up to BEL or ST; unfinished ones to the end of the line.
      .replace(
        /(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?/g,
        '',
      )
      // CSI sequences: kept when they are SGR without private parameter or intermediate bytes.
      .replace(/(?:\x1b\[|\x9b)([0-?]*)([ -/]*)([@-~]?)/g, keepSgr)
      // What is left of escapes: ESC with intermediates and one final byte, but not the `ESC [` kept above.
      .replace(/\x1b(?!\[[0-9;:]*m)[ -/]*[0-Z\\-~]?/g, '')
      // Other C0 and C1 controls, and the bidirectional overrides that reorder a line on screen.
      .replace(/[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, '')
  )
}

/** Takes every escape sequence out, colours too. */
export function stripTerminalText(text: string): string {
  return sanitizeTerminalText(text).replace(/\x1b\[[0-9;:]*m/g, '')
}

function keepSgr(_match: string, parameters: string, intermediates: string, final: string): string {
  const plain = intermediates === '' && /^[0-9;:]*$/.test(parameters)
  return final === 'm' && plain ? `\x1b[${parameters}m` : ''
}
