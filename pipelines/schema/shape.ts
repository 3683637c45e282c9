import type { Dialect } from '../convert/dialect.js'
import type { Reporter } from '../diagnostics/reporter.js'
import type { Node } from '../parse/tree.js'
import type { Keys } from './object.js'

/** A JSON Schema, or a part of one (draft 2020-12). */
export interface JsonSchema {
  readonly [keyword: string]: unknown
}

/**
 * What a value of the language looks like: one description that the decoder works from and that the
 * published JSON Schema is made of. The tables of keys (pipeline-shape.ts, step-shape.ts) are built
 * of these.
 */
export interface Shape<T> {
  /** What `decode` accepts, as far as JSON Schema can say it. */
  readonly schema: JsonSchema
  /** Whether a key without a value (`trigger:`) means the same as no key. */
  readonly emptyAllowed: boolean
  /** The table of keys behind an object, or behind the objects of a list; for the reference. */
  readonly keys?: Keys
  /**
   * Reads a node, reporting every problem in it.
   * @param where what to call the value in messages, e.g. `image`
   * @returns null when nothing of it can be used
   */
  decode(node: Node, context: DecodeContext, where: string): T | null
}

export interface DecodeContext {
  readonly reporter: Reporter
  /** Language of the file: what an unknown key is depends on it. */
  readonly dialect: Dialect
}

/** The type that a shape decodes to. */
export type Decoded<S> = S extends Shape<infer T> ? T : never

/** A value and where it is. */
export interface Located<T> {
  readonly value: T
  readonly node: Node
}
