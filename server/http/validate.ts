import type { FastifySchemaCompiler } from 'fastify/types/schema.js'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Settings } from 'typebox/system'
import { Convert } from 'typebox/value'
import { isFormBody } from './form-body.js'

// The default, 8, would tell of the first fields only.
Settings.Set({ maxErrors: 100 })

/**
 * Checks the parts of requests against their routes' schemas. What can only come as text (path, query, forms) may be
 * the text of a number or boolean; JSON must have the right type.
 */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const check = Compile(schema)
  return (value: unknown) => {
    const isText = httpPart !== 'body' || isFormBody(value)
    const converted = isText ? Convert(schema, value) : value
    return check.Check(converted) ? { value: converted } : { error: check.Errors(converted) }
  }
}
