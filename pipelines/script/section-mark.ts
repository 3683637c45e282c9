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

/** What is in it on standard error: what comes from here on is the next command's. */
export const FENCE = '-'

/** What is in it on standard output once the command's own text has been printed. */
export const SHOWN = '+'

/**
 * The commands of a script that show a command before it runs, between marks: first the number of the command, from 0,
 * and the exit status of what came before; then a fence on standard error, which is descriptor 3 there; and in the end
 * that it was shown. The escapes are printf's own, so that a shell that shows its script (`set -v`) prints no mark.
 * @param show what prints the command's text
 */
export function betweenMarks(secret: string, command: number, show: string): string {
  const start = `\\033]7770;${secret};`
  const begin = `printf '${start}${command};%s\\007' "$?"; printf '${start}${FENCE}\\007' >&3;`
  return `${begin} ${show} printf '${start}${SHOWN}\\007';`
}
