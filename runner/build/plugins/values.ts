import { SandpiperError } from '../../../protocol/errors.js'
import type { SETTINGS_TABLE } from './settings-table.js'

/** The variables of a step. */
export type Environment = Readonly<Record<string, string>>

/** Settings of a step by their names in capitals, with `_` for dots and dashes. */
export class Settings {
  readonly #values = new Map<string, string>()

  constructor(readonly env: Environment) {
    for (const [name, value] of Object.entries(env)) {
      if (!name.startsWith('PLUGIN_')) continue
      this.#values.set(name.slice('PLUGIN_'.length).replace(/[.-]/g, '_').toUpperCase(), value)
    }
  }

  get names(): readonly string[] {
    return [...this.#values.keys()]
  }

  /** The first of these settings that is not empty; else the empty text. */
  text(...names: readonly SettingName[]): string {
    for (const name of names) {
      const value = this.#values.get(name) ?? ''
      if (value !== '') return value
    }
    return ''
  }

  /** The same with variables that are no settings after the settings. */
  textOr(names: readonly SettingName[], variables: readonly string[]): string {
    const others = variables.map((name) => this.env[name] ?? '')
    return [this.text(...names), ...others].find((value) => value !== '') ?? ''
  }

  /** @throws SandpiperError SP_BUILD_SETTING */
  flag(names: readonly SettingName[], whenAbsent: boolean): boolean {
    const text = this.text(...names)
    if (text === '') return whenAbsent
    if (/^(?:1|t|true|yes|on)$/i.test(text)) return true
    if (/^(?:0|f|false|no|off)$/i.test(text)) return false
    throw badSetting(names[0] ?? '', `is true or false, not ${JSON.stringify(text.slice(0, 100))}`)
  }

  /** Split at commas, without the spaces around; `\,` is a comma in a value. */
  list(...names: readonly SettingName[]): string[] {
    return listOf(this.text(...names))
  }
}

type SettingName = Parameters<typeof SETTINGS_TABLE.get>[0]

/** What is between commas; a list that holds mappings comes as JSON. */
export function listOf(text: string): string[] {
  const parts = /^\s*[[{]/.test(text) ? pairsOf(text) : null
  const all = parts ?? text.split(/(?<!\\),/).map((part) => part.replaceAll('\\,', ','))
  return all.map((part) => part.trim()).filter((part) => part !== '')
}

/** `{"A": 1}` and `[{"A": 1}, "B=2"]` as `A=1`, `B=2`; null for what is no JSON. */
function pairsOf(text: string): string[] | null {
  try {
    const value: unknown = JSON.parse(text)
    const items: unknown[] = Array.isArray(value) ? value : [value]
    return items.flatMap((item) => {
      if (typeof item !== 'object' || item === null) return [String(item)]
      return Object.entries(item).map(([name, one]) => `${name}=${String(one)}`)
    })
  } catch {
    return null
  }
}

/** A setting that can't be read; its value is told only where it is no secret. */
export function badSetting(name: string, problem: string, hint = ''): SandpiperError {
  return new SandpiperError('SP_BUILD_SETTING', `the setting ${name.toLowerCase()} ${problem}`, {
    hint,
  })
}
