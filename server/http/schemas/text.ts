import { Type } from 'typebox'

/** An answer of a content type that is not JSON, for `response` of a route. */
export function textAnswer(contentType: string, description = 'The text.') {
  return { description, content: { [contentType]: { schema: Type.String() } } }
}
