/**
 * Begins what a script says about its commands between what they print: an operating system command (ECMA-48, 8.3.89)
 * of a number that no terminal knows, so that one that gets to see it shows nothing.
 * @param secret letters and digits
 */
export function sectionMarkStart(secret: string): string {
  return `\u001b]7770;${secret};`
}

/** Ends it. */
export const SECTION_MARK_END = '\u0007'

/** What is in it on standard error, where it says no more than: what comes from here on is the next command's. */
export const FENCE = '-'

/**
 * The commands of a script that print a mark: the number of the command that comes, from 0, and the exit status of what
 * came before. Then a fence on standard error, which is descriptor 3 there. The escapes are printf's own, so that a
 * shell that shows its script (`set -v`) prints no mark.
 */
export function printSectionMark(secret: string, command: number): string {
  const start = `\\033]7770;${secret};`
  return `printf '${start}${command};%s\\007' "$?"; printf '${start}${FENCE}\\007' >&3; `
}
