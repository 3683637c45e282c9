/** Statements kept; there are fewer different ones in the whole server. */
const KEPT_MAX = 500
/** What changes no table. A new table may mean other columns to a statement that was prepared before. */
const PLAIN = /^\s*(?:select|insert|update|delete|with|begin|commit|rollback)\b/i

/**
 * Keeps prepared statements by their text: preparing one takes longer than running it. One connection runs one
 * statement at a time, so none is in use when it is asked for again.
 */
export class StatementCache<Statement> {
  readonly #prepare: (sql: string) => Statement
  readonly #kept = new Map<string, Statement>()

  constructor(prepare: (sql: string) => Statement) {
    this.#prepare = prepare
  }

  get(sql: string): Statement {
    if (!PLAIN.test(sql)) {
      this.#kept.clear()
      return this.#prepare(sql)
    }
    const kept = this.#kept.get(sql)
    if (kept !== undefined) return kept
    if (this.#kept.size >= KEPT_MAX) this.#kept.clear()
    const statement = this.#prepare(sql)
    this.#kept.set(sql, statement)
    return statement
  }
}
