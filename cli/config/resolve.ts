import { CliError } from '../errors.js'
import { ExitCode } from '../exit-code.js'
import { unknownVariables } from './environment.js'
import { forgesOf } from './forge-settings.js'
import { logsOf } from './log-settings.js'
import { fileVariable, readSecretFile } from './secret-file.js'
import { problemsTogether } from './together.js'
import { allSettings, type Scope, type Setting, type SettingValues } from './settings.js'

export interface SettingSources {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Flag values by flag name without dashes, as given on the command line. */
  readonly flags: Readonly<Record<string, string | undefined>>
  /** Settings outside of it stay undefined: their variables belong to other commands. */
  readonly scope: Scope
}

/**
 * Reads every setting of the scope: a flag wins over its variable, a variable over the default. An empty
 * variable counts as not set, as in Compose files and systemd units. Secrets may also be in files.
 * @throws CliError SP_CONFIG_INVALID with all problems at once
 */
export function resolveSettings(sources: SettingSources): SettingValues {
  const problems = unknownVariables(sources.env)
  const values: Record<string, unknown> = {}
  for (const [key, setting] of allSettings()) {
    if (!setting.scopes.includes(sources.scope)) continue
    const given = givenText(setting, sources)
    if (given === undefined) continue
    const parsed = 'problem' in given ? given : setting.type.parse(given.text)
    if ('value' in parsed) values[key] = parsed.value
    else problems.push(`${given.name}${shownValue(setting, given)}: ${parsed.problem}`)
  }
  problems.push(
    ...forgesOf(values).problems,
    ...logsOf(values).problems,
    ...problemsTogether(values),
  )
  if (problems.length === 0) return values as SettingValues
  throw new CliError(ExitCode.usage, 'SP_CONFIG_INVALID', describe(problems), {
    hint: 'the README has the table of all settings',
  })
}

/** Where a value comes from, and its text or why there is none. */
type Given = { readonly name: string } & ({ readonly text: string } | { readonly problem: string })

function givenText(setting: Setting<unknown>, sources: SettingSources): Given | undefined {
  const flag = setting.flag === undefined ? undefined : sources.flags[setting.flag]
  if (flag !== undefined) return { name: `--${setting.flag ?? ''}`, text: flag }
  const variable = sources.env[setting.env]
  const fromFile = setting.secret === true ? givenFile(setting.env, sources) : undefined
  if (variable !== undefined && variable !== '') {
    if (fromFile === undefined) return { name: setting.env, text: variable }
    return { name: setting.env, problem: `set it or ${fromFile.name}, not both` }
  }
  if (fromFile !== undefined) return fromFile
  return setting.default === undefined ? undefined : { name: setting.env, text: setting.default }
}

function givenFile(env: string, { env: variables }: SettingSources): Given | undefined {
  const name = fileVariable(env)
  const path = variables[name]
  if (path === undefined || path === '') return undefined
  const content = readSecretFile(path)
  return 'value' in content ? { name, text: content.value } : { name, problem: content.problem }
}

/** Secrets, and URLs that may hold one, are not repeated in messages. */
function shownValue(setting: Setting<unknown>, given: Given): string {
  if (!('text' in given)) return ''
  const isSecret = setting.secret === true || /URL|_REGISTRY_PROXY/.test(setting.env)
  return `=${isSecret ? '(value not shown)' : given.text}`
}

function describe(problems: readonly string[]): string {
  if (problems.length === 1) return problems[0] ?? ''
  return `${problems.length} problems in the configuration\n${problems.map((line) => `  ${line}`).join('\n')}`
}
