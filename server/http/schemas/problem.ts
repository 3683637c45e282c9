import { Type } from 'typebox'

/** One field of a request that can't be taken. */
export const FieldError = Type.Object({
  pointer: Type.String({
    description: 'JSON pointer (RFC 6901) to the field, in the part that `in` names.',
  }),
  in: Type.String({ description: '`body`, `path`, `query` or `headers`.' }),
  detail: Type.String(),
})

/** Every error (RFC 9457). */
export const Problem = Type.Object(
  {
    type: Type.String({ description: '`urn:sandpiper:error:` and the code.' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'What happened, for people.' }),
    instance: Type.String({ description: '`urn:uuid:` and the id of the request in the log.' }),
    code: Type.String({ description: 'Stable; docs/errors.md lists them.' }),
    hint: Type.String({ description: 'What to do about it; may be empty.' }),
    errors: Type.Optional(
      Type.Array(FieldError, { description: 'Every field of the request that is not valid.' }),
    ),
  },
  { title: 'Problem' },
)
