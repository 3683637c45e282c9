import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Static, TSchema } from 'typebox'
import { Check } from 'typebox/value'
import type { HttpContext } from './app-types.js'
import { invalid } from './error-mapping.js'
import { PAGE_LIMIT } from './limits.js'

/** Query parameters of a list that is read page by page. */
export const CURSOR_QUERY = {
  cursor: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 1024,
      description: 'Where to go on, from the `Link` header of the page before.',
    }),
  ),
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: PAGE_LIMIT.max,
      description: `Most items on the page; ${PAGE_LIMIT.default} unless asked otherwise.`,
    }),
  ),
} as const

/** What to ask the store for: one item more than the page shows tells whether there is a next page. */
export interface Page<Key> {
  /** Items that the page shows at most. */
  readonly limit: number
  /** `limit + 1`, for the query. */
  readonly fetch: number
  /** Key of the last item of the page before; null for the first page. */
  readonly after: Key | null
}

/** A list with a stable order by a key of its items, which cursors are made of. */
export interface Paging<Key> {
  /** @throws SandpiperError SP_HTTP_INVALID when the cursor is none of this list's */
  read(query: { readonly cursor?: string; readonly limit?: number }): Page<Key>
  /** The items that the page shows; sets `Link: <...>; rel="next"` (RFC 8288) when there are more. */
  show<Item>(
    rows: readonly Item[],
    page: Page<Key>,
    keyOf: (item: Item) => Key,
    answer: Answer,
  ): readonly Item[]
}

/** What the address of the next page is made from. */
export interface Answer {
  readonly context: Pick<HttpContext, 'publicUrl'>
  readonly request: Pick<FastifyRequest, 'url'>
  readonly reply: Pick<FastifyReply, 'header'>
}

/**
 * The paging of one list. A cursor is the list's name and the last item's key, which the query goes on
 * after (`where key < ...`), so that a late page costs what the first one does and nothing is shown twice when items
 * are added. It is opaque, not secret: whoever makes one up sees what the list shows to them anyway, and what
 * does not fit `schema`, whose strings must be bounded, is refused.
 */
export function pagingOf<Schema extends TSchema>(
  list: string,
  schema: Schema,
): Paging<Static<Schema>> {
  const Cursor = Type.Tuple([Type.Literal(list), schema])
  return {
    read({ cursor, limit = PAGE_LIMIT.default }) {
      const after = cursor === undefined ? null : keyIn(cursor)
      return { limit, fetch: limit + 1, after }
    },
    show(rows, page, keyOf, answer) {
      const shown = rows.slice(0, page.limit)
      const last = shown.at(-1)
      if (rows.length > page.limit && last !== undefined) {
        linkNext(answer, encode([list, keyOf(last)]))
      }
      return shown
    },
  }

  function keyIn(cursor: string): Static<Schema> {
    const value = decode(cursor)
    if (!Check(Cursor, value)) throw invalid("The 'cursor' in the query is none of this list's.")
    return (value as unknown as readonly [string, Static<Schema>])[1]
  }
}

/** Puts the address of the next page into the answer's `Link` header. */
export function linkNext({ context, request, reply }: Answer, cursor: string): void {
  // A request line may hold a whole URL (RFC 9112, 3.2.2), of whatever host.
  const { pathname, searchParams } = new URL(request.url, 'http://localhost')
  searchParams.set('cursor', cursor)
  const next = `${context.publicUrl()}${pathname}?${searchParams.toString()}`
  void reply.header('link', `<${next}>; rel="next"`)
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function decode(cursor: string): unknown {
  if (!/^[A-Za-z0-9_-]+$/.test(cursor)) return null
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown
  } catch {
    return null
  }
}
