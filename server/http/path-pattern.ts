/** A route's address: what each part of a path must be. `rest` takes all parts that are left. */
export interface PathPattern {
  readonly parts: readonly RegExp[]
  readonly rest: boolean
}

/** The pattern of a route's address as Fastify writes it: `/a/:b/:c(^[0-9]+$)/*`. */
export function pathPattern(url: string): PathPattern {
  const texts = splitOutsideParentheses(url)
  const rest = texts.at(-1) === '*'
  return { parts: (rest ? texts.slice(0, -1) : texts).map(partPattern), rest }
}

/** True when the path, without its query, is one of the route's. */
export function matches({ parts, rest }: PathPattern, path: string): boolean {
  const given = path.split('/')
  const fits = rest ? given.length > parts.length : given.length === parts.length
  return fits && parts.every((part, index) => part.test(given[index] ?? ''))
}

function partPattern(text: string): RegExp {
  const [, expression, after = ''] = /^:\w+(?:\((.*)\))?(.*)$/.exec(text) ?? []
  if (!text.startsWith(':')) return new RegExp(`^${escape(text)}$`)
  return new RegExp(expression ?? `^[^/]+${escape(after)}$`)
}

/** An expression of a parameter may have slashes of its own. */
function splitOutsideParentheses(url: string): string[] {
  let depth = 0
  const marked = Array.from(url, (char) => {
    if (char === '(') depth += 1
    if (char === ')') depth -= 1
    return char === '/' && depth === 0 ? '\n' : char
  })
  return marked.join('').split('\n')
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
