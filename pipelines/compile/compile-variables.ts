import type { Dialect } from '../convert/dialect.js'
import { buildEnvironment } from '../environment/build-environment.js'
import type { Combination } from '../matrix/expand-matrix.js'
import type { Document } from '../parse/tree.js'
import type { CompileInput } from './compile-pipeline.js'

/** Stands for the build where a file is only looked at. */
const NO_BUILD = { number: 0, parent: 0, created: 0, link: '' }
const NO_SYSTEM = { link: '', version: '' }

/**
 * The variables that are known when a build is compiled: those of the build, of the pipeline as far as
 * its text tells them, and the combination of its matrix.
 */
export function compileVariables(
  _document: Document,
  combination: Combination,
  _dialect: Dialect,
  { event, repo, build, system }: CompileInput,
): Readonly<Record<string, string>> {
  const input = { event, repo, build: build ?? NO_BUILD, system: system ?? NO_SYSTEM }
  return { ...buildEnvironment(input), ...combination }
}
