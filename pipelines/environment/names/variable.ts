/** What a variable is, for the documentation and for whoever has to know which names there are. */
export interface Variable {
  readonly name: string
  readonly description: string
  /** Whose name it is; `git`: git itself reads it. */
  readonly origin: 'drone' | 'drone-0.8' | 'woodpecker' | 'git' | 'sandpiper'
  /** When it is set, in words. */
  readonly when: string
  /**
   * `build`: known when a build is compiled, so that `${}` can name it anywhere. `step`: known only when
   * the step runs. `never`: others set it, Sandpiper does not.
   */
  readonly known: 'build' | 'step' | 'never'
}

/** A name (a prefix is put before it), what it holds, and when; default: always. */
export type Row = readonly [name: string, description: string, when?: string]

/** Variables of one origin. */
export function rows(
  { origin, known, prefix = '' }: Pick<Variable, 'origin' | 'known'> & { readonly prefix?: string },
  table: readonly Row[],
): readonly Variable[] {
  return table.map(([name, description, when = 'always']) => ({
    name: `${prefix}${name}`,
    description,
    origin,
    when,
    known,
  }))
}
