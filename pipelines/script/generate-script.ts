import { betweenMarks } from './section-mark.js'

/**
 * The shell script of a step. It is meant to be run as `/bin/sh -e FILE`, from a read-only file and
 * with stdin from /dev/null, and works in dash, busybox ash and bash: the first command that fails
 * ends it with that command's status.
 *
 * Before each command its text is printed, each line after `+ `. Commands stand in the script as they
 * are, one after the other, so that a loop may be spread over several of them as Drone allows.
 * @param commands without NUL characters
 * @param markSecret when each command is also to be told out of band: see `betweenMarks`
 */
export function generateScript(commands: readonly string[], markSecret?: string): string {
  return commands
    .map((command, index) => {
      const body = withoutLastNewlines(command)
      const trace = printTrace(body)
      const shown = markSecret === undefined ? trace : betweenMarks(markSecret, index, trace)
      // What fails there must not fail the step. In a group without standard error, so that `set -x` shows the step's
      // own commands alone. The empty line keeps a backslash at a command's end from joining it with the next.
      return `{ ${shown} } 3>&2 2>/dev/null || :\n${body}\n\n`
    })
    .join('')
}

/**
 * printf writes its format once for each argument (POSIX.1-2017, printf, "Extended description"). It fails when a
 * command has closed stdout.
 */
function printTrace(command: string): string {
  const lines = command.split('\n').map((line) => singleQuoted(`+ ${line}`))
  return `printf '%s\\n' ${lines.join(' ')};`
}

/** POSIX.1-2017, 2.2.2: nothing is special between single quotes, and a single quote can't be there. */
function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/** A block scalar (`|`) ends with one. A loop, because a regular expression is slow on long runs. */
function withoutLastNewlines(text: string): string {
  let end = text.length
  while (text[end - 1] === '\n') end -= 1
  return text.slice(0, end)
}
