import { Compile } from 'typebox/compile'
import type { TSchema } from 'typebox'
import type { SerializerCompiler } from '../serialize.js'

/** Answers checked against the schemas of their routes, and what was different. */
export interface CheckedAnswers {
  readonly compiler: SerializerCompiler
  /** One text per answer that was not as its route's schema says; fields that it does not name count. */
  readonly differences: readonly string[]
}

/** A serializer that throws, and notes it, when an answer differs from what its route says it is. */
export function checkedAnswers(): CheckedAnswers {
  const differences: string[] = []
  const compiler: SerializerCompiler = ({ schema, method, url, httpStatus }) => {
    const check = Compile(closed(schema) as TSchema)
    return (data) => {
      const text = JSON.stringify(data)
      // What is sent counts: JSON has no undefined.
      const sent: unknown = JSON.parse(text)
      if (check.Check(sent)) return text
      const [first] = check.Errors(sent)
      const where = `${method} ${url} ${httpStatus ?? ''}`
      const difference = `${where}: ${first?.instancePath} ${first?.message} ${JSON.stringify(first?.params)}`
      differences.push(difference)
      throw new Error(`The answer is not as its schema says: ${difference}`)
    }
  }
  return { compiler, differences }
}

/** The schema without room for fields that it does not name. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema
  const entries = Object.entries(schema).map(([key, value]) => [key, closed(value)] as const)
  const copy: Record<string, unknown> = Object.fromEntries(entries)
  const isOpen = copy['properties'] !== undefined && copy['additionalProperties'] === undefined
  return isOpen ? { ...copy, additionalProperties: false } : copy
}
