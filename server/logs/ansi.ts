/**
 * Control sequences of terminals (ECMA-48, 5.4 and 5.6): CSI, strings up to their end, and the short ones. No part can
 * match in two ways, so that time is linear in the text.
 */
const SEQUENCE =
  // eslint-disable-next-line no-control-regex -- they begin with escape
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[ -/]*[0-~])/g

/** The text without the control sequences of terminals. */
export function withoutAnsi(text: string): string {
  return text.includes('\u001b') ? text.replace(SEQUENCE, '') : text
}
