import { isDeepStrictEqual } from 'node:util'

/** JSON as it is in a document. */
type Json = Readonly<Record<string, unknown>>

/**
 * Moves every schema with a `title` to the document's components, once, and refers to it there.
 * @throws TypeError when two different schemas have one title
 */
export function withComponents(document: Json): Json {
  const schemas: Record<string, unknown> = {}
  const paths = hoist(document['paths'], schemas)
  const components = document['components'] as Json | undefined
  const sorted = Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)))
  return { ...document, paths, components: { ...components, schemas: sorted } }
}

function hoist(value: unknown, schemas: Record<string, unknown>): unknown {
  if (Array.isArray(value)) return value.map((one) => hoist(one, schemas))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, inner]) => [key, hoist(inner, schemas)] as const)
  const copy: Json = Object.fromEntries(entries)
  const { title } = copy
  if (typeof title !== 'string') return copy
  if (schemas[title] !== undefined && !isDeepStrictEqual(schemas[title], copy)) {
    throw new TypeError(`two different schemas have the title ${title}`)
  }
  schemas[title] = copy
  return { $ref: `#/components/schemas/${title}` }
}
