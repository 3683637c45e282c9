/** One thing about this host, found out. */
export interface CheckResult {
  readonly name: string
  readonly ok: boolean
  /** False for what only some pipelines or later features need: it doesn't count. */
  readonly required: boolean
  /** What is there, or what exactly is missing. */
  readonly detail: string
  /** How to mend it; empty when ok. */
  readonly hint: string
}

/** A check that passed. */
export function present(name: string, detail: string): CheckResult {
  return { name, ok: true, required: true, detail, hint: '' }
}

/** Something without which no step can run. */
export function missing(name: string, detail: string, hint: string): CheckResult {
  return { name, ok: false, required: true, detail, hint }
}

/** Something that only some pipelines or later features need. */
export function lacking(name: string, detail: string, hint: string): CheckResult {
  return { name, ok: false, required: false, detail, hint }
}
