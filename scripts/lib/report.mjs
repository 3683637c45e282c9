/** A set-up or host problem that a person has to mend: what happened, and what to do about it. */
export class SetupError extends Error {
  constructor(message, { hint = '', log = '' } = {}) {
    super(message)
    this.name = 'SetupError'
    this.hint = hint
    this.log = log
  }
}

const started = Date.now()

/** Seconds since `since` (Unix ms), as `1.2 s`. */
export function seconds(since) {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`
}

/** One progress line on stderr, so that what a script prints for machines stays clean. */
export function say(line) {
  process.stderr.write(`${line}\n`)
}

/** Runs `work` between "name ..." and "name: done in 1.2 s"; the first goes out before the work starts. */
export async function phase(name, work) {
  const since = Date.now()
  say(`> ${name} ...`)
  const result = await work()
  say(`  done in ${seconds(since)}`)
  return result
}

/** Prints a failure the way every script does, and ends the process with exit code 3. */
export function fail(error, what) {
  if (!(error instanceof SetupError)) {
    say(`error: ${what}: ${error?.stack ?? error}`)
    process.exit(3)
  }
  if (error.log) say(indent(tail(error.log, 25)))
  say(`error: ${what}: ${error.message}`)
  if (error.hint) say(`hint: ${error.hint}`)
  process.exit(3)
}

/** The last `count` lines of a text. */
export function tail(text, count) {
  return text.trimEnd().split('\n').slice(-count).join('\n')
}

/** How long this process has been at it. */
export function total() {
  return seconds(started)
}

function indent(text) {
  return text.replace(/^/gm, '  | ')
}
