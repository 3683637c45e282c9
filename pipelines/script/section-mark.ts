/**
 * Begins what a script says about a command between what commands print: an operating system command (ECMA-48,
 * 8.3.89) of a number that no terminal knows, so that one that gets to see it shows nothing.
 * @param secret letters and digits
 */
export function sectionMarkStart(secret: string): string {
  return `\u001b]7770;${secret};`
}

/** Ends it. */
export const SECTION_MARK_END = '\u0007'

/**
 * The line of a script that prints a mark: the number of the command that comes, from 0, and the exit status of what
 * came before. The escapes are printf's own, so that a shell that shows its script (`set -v`) prints no mark.
 */
export function printSectionMark(secret: string, command: number): string {
  return `printf '\\033]7770;${secret};${command};%s\\007' "$?" 2>/dev/null || :\n`
}
