/** Names of variables that one step may give to others. */
export const OUTPUT_NAMES_MAX = 200
const NAME_LENGTH_MAX = 128

/** What a step's output file says. */
export interface Outputs {
  readonly values: Readonly<Record<string, string>>
  /** What is wrong with the rest, for the step's log; no values are in it. */
  readonly problems: readonly string[]
}

/**
 * Names that mean something to shells, the dynamic linker, interpreters, tools that fetch and sign, the
 * build or plugins: who writes a file in one step must not change what another one runs, whom it trusts,
 * or what it believes of the build.
 */
const REFUSED_NAMES = [
  ...['PATH', 'HOME', 'USER', 'SHELL', 'SHELLOPTS', 'IFS', 'ENV', 'PS[0-4]', 'PROMPT_COMMAND'],
  ...['CDPATH', 'ZDOTDIR', 'TMPDIR', 'NLSPATH', 'LOCPATH', 'HOSTALIASES', 'TERMINFO', 'LANG'],
  ...['LANGUAGE', 'EDITOR', 'PAGER', 'VISUAL', 'BROWSER', 'LESSOPEN', 'LESSCLOSE', 'MAKEFLAGS'],
  ...['GOFLAGS', 'GOPROXY', 'CI', '__proto__'],
]
const REFUSED_PREFIXES = [
  ...['LD_', 'DYLD_', 'GLIBC_', 'GCONV_', 'MALLOC_', 'LC_', 'BASH', 'NODE_', 'NPM_', 'npm_'],
  ...['PYTHON', 'PIP_', 'PERL', 'RUBY', 'JAVA_', '_JAVA', 'JDK_', 'MAVEN_', 'GRADLE_', 'CARGO_'],
  ...['RUSTC', 'GIT_', 'SSH_', 'SSL_', 'CURL_', 'OPENSSL_', 'DOCKER_'],
  ...['CI_', 'DRONE', 'SANDPIPER', 'PLUGIN_'],
]
const REFUSED = new RegExp(
  `^(?:(?:${REFUSED_NAMES.join('|')})$|${REFUSED_PREFIXES.join('|')}|.*_(?:proxy|PROXY)$)`,
)

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
/** Problems that are told one by one. */
const PROBLEMS_MAX = 20

/**
 * Reads `NAME=VALUE` lines, and values of several lines as `NAME<<END`, the lines, `END`. Of a name that
 * is there twice the last value counts. Empty lines are skipped.
 * @param taken names of the build's own variables, which are refused too
 */
export function parseOutputs(text: string, taken: ReadonlySet<string> = new Set()): Outputs {
  const values = new Map<string, string>()
  const problems: string[] = []
  const lines = text.split('\n')
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? ''
    if (line.trim() === '') continue
    const entry = readEntry(lines, at)
    at = entry.last
    const problem = entry.problem ?? problemOf(entry, values, taken)
    if (problem === null) values.set(entry.name, entry.value)
    else problems.push(`line ${entry.first}: ${problem}`)
  }
  return { values: Object.fromEntries(values), problems: shortened(problems) }
}

interface Entry {
  readonly name: string
  readonly value: string
  readonly problem?: string
  /** Line number in the file, from 1. */
  readonly first: number
  /** Index of the last line. */
  readonly last: number
}

function readEntry(lines: readonly string[], at: number): Entry {
  const line = lines[at] ?? ''
  const first = at + 1
  const equals = line.indexOf('=')
  const here = line.indexOf('<<')
  if (here >= 0 && (equals < 0 || here < equals)) return readHereDocument(lines, at, here)
  if (equals < 0) return { name: '', value: '', problem: 'is no NAME=VALUE', first, last: at }
  return { name: line.slice(0, equals), value: line.slice(equals + 1), first, last: at }
}

function readHereDocument(lines: readonly string[], at: number, here: number): Entry {
  const line = lines[at] ?? ''
  const [name, end, first] = [line.slice(0, here), line.slice(here + 2), at + 1]
  if (end === '') return { name, value: '', problem: 'has no word after <<', first, last: at }
  const last = lines.indexOf(end, at + 1)
  if (last >= 0) return { name, value: lines.slice(at + 1, last).join('\n'), first, last }
  const problem = 'the end of its value is missing'
  return { name, value: '', problem, first, last: lines.length }
}

function problemOf(
  { name, value }: Entry,
  values: ReadonlyMap<string, string>,
  taken: ReadonlySet<string>,
): string | null {
  if (name.length > NAME_LENGTH_MAX || !NAME.test(name)) return 'is no NAME=VALUE'
  if (REFUSED.test(name) || taken.has(name)) return `${name} may not be set by an output`
  if (value.includes('\0')) return `the value of ${name} has a NUL character`
  if (values.size >= OUTPUT_NAMES_MAX && !values.has(name)) {
    return `${name} is more than the ${OUTPUT_NAMES_MAX} outputs that a step may have`
  }
  return null
}

function shortened(problems: readonly string[]): readonly string[] {
  if (problems.length <= PROBLEMS_MAX) return problems
  return [...problems.slice(0, PROBLEMS_MAX), `and ${problems.length - PROBLEMS_MAX} more`]
}
