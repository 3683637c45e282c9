import { dockerfileError } from '../errors.js'

/** Comments at the very top of a Dockerfile that say how to read it. */
export interface Directives {
  readonly escape: '\\' | '`'
  /** Value of `# syntax=`, which names another front end; null where there is none. */
  readonly syntax: string | null
}

const DIRECTIVE = /^[ \t]*#[ \t]*([a-zA-Z][a-zA-Z0-9]*)[ \t]*=[ \t]*(.+?)[ \t]*$/
const KNOWN = new Set(['syntax', 'escape', 'check'])
/** The pattern takes long for long lines, and no directive is one. */
const LENGTH_MAX = 1000

/**
 * Reads the directives of a Dockerfile. They end at the first line that is none: behind that a comment is
 * a comment, whatever it looks like.
 * @throws SandpiperError SP_BUILD_DOCKERFILE
 */
export function readDirectives(lines: readonly string[], file: string): Directives {
  const found = new Map<string, string>()
  for (const [index, text] of lines.entries()) {
    const [, name = '', value = ''] = (text.length > LENGTH_MAX ? null : DIRECTIVE.exec(text)) ?? []
    const key = name.toLowerCase()
    if (!KNOWN.has(key)) break
    const place = { file, line: index + 1 }
    if (found.has(key)) throw dockerfileError(place, `the directive \`${key}\` is there twice`)
    if (key === 'escape' && value !== '\\' && value !== '`') {
      throw dockerfileError(place, `the escape character is \\ or \`, not ${JSON.stringify(value)}`)
    }
    found.set(key, value)
  }
  const escape = found.get('escape') === '`' ? '`' : '\\'
  return { escape, syntax: found.get('syntax') ?? null }
}
