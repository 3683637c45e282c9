import { readdirSync, readFileSync } from 'node:fs'

/** The command lines of all processes; of one that ends meanwhile there is none. */
export function commandLines(): string[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      return /^\d+$/.test(name) ? [readFileSync(`/proc/${name}/cmdline`, 'latin1')] : []
    } catch {
      return []
    }
  })
}
