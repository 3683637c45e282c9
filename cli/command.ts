import type { Command } from 'commander'
import { resolveSettings } from './config/resolve.js'
import { settingsOf, type Scope, type SettingValues } from './config/settings.js'
import { ExitCode } from './exit-code.js'
import type { CliIo } from './io.js'

/** What a command's own code gets. */
export interface CommandContext {
  readonly io: CliIo
  /** Positional arguments in order; an optional one that was left out is undefined. */
  readonly args: readonly (string | undefined)[]
  /** A variadic last argument. */
  readonly rest: readonly string[]
  /** Value of one of the command's own options. */
  readonly option: (name: string) => string | undefined
  /** Values of one of the command's own options that can be given several times. */
  readonly list: (name: string) => readonly string[]
  /** Whether one of the command's own switches was given. */
  readonly has: (name: string) => boolean
  readonly json: boolean
  readonly settings: SettingValues
}

export interface CommandDefinition {
  /** Name and arguments as commander wants them: `show <repo> <number>`. */
  readonly syntax: string
  readonly summary: string
  /** Lines for the end of `--help`. */
  readonly examples: readonly string[]
  /** Settings that the command reads, each with its flag. */
  readonly scope: Scope
  /** The command's own options. */
  readonly options?: readonly CommandOption[]
  /** Set where it makes sandboxes or their files: an ordinary user becomes root of a namespace before. */
  readonly asRoot?: boolean
  /** Set where the environment is not the caller's own choice: then no variable is read or refused. */
  readonly ignoreEnvironment?: boolean
  /** Does the work. Nothing returned is exit code 0; only what runs another program has codes of its own. */
  readonly run: (context: CommandContext) => Promise<number | undefined>
}

/** Flags as commander wants them, and a description; `repeated`: every use adds a value. */
export type CommandOption = readonly [flags: string, description: string, repeated?: 'repeated']

/** Takes note of the exit code of the command that ran. */
export type Finish = (code: number) => void

/** Adds a command with its `--json`, its settings' flags and its examples to a parent. */
export function addCommand(
  parent: Command,
  io: CliIo,
  finish: Finish,
  definition: CommandDefinition,
): void {
  const command = parent.command(definition.syntax).summary(definition.summary)
  command.description(definition.summary)
  for (const [flags, description, repeated] of definition.options ?? []) {
    if (repeated === undefined) command.option(flags, description)
    else command.option(flags, description, append)
  }
  for (const [, setting] of settingsOf(definition.scope)) {
    if (setting.flag === undefined) continue
    const fallback = setting.defaultText ?? setting.default ?? 'none'
    const note = `${setting.description} (${setting.env}; default: ${fallback})`
    command.option(`--${setting.flag} <value>`, note)
  }
  command.option('--json', 'print one JSON document on stdout, and errors as JSON on stderr')
  command.addHelpText(
    'after',
    `\nExample:\n${definition.examples.map((line) => `  ${line}`).join('\n')}`,
  )
  command.action(async () => {
    const context = contextOf(command, io, definition)
    // Before the command's code is loaded and says something. Whether it can't go on so is its own to say.
    if (definition.asRoot === true) await io.becomeRoot()
    finish((await definition.run(context)) ?? ExitCode.ok)
  })
}

/** Commander's own variadic options would take the arguments after them as values too. */
function append(value: string, values: readonly string[] = []): readonly string[] {
  return [...values, value]
}

/** Adds a command that only holds others, such as `build`. */
export function addGroup(parent: Command, name: string, summary: string): Command {
  const group = parent.command(name).summary(summary).description(summary)
  return group
}

function contextOf(
  command: Command,
  io: CliIo,
  { scope, ignoreEnvironment = false }: CommandDefinition,
): CommandContext {
  const options = command.opts<Record<string, unknown>>()
  const option = (name: string): string | undefined => {
    const value = options[camelCase(name)]
    return typeof value === 'string' ? value : undefined
  }
  const flags = settingsOf(scope).flatMap(([, { flag }]) => (flag === undefined ? [] : [flag]))
  const processed = command.processedArgs as readonly unknown[]
  const last = processed.at(-1)
  return {
    io,
    option,
    list: (name) => {
      const values = options[camelCase(name)]
      return Array.isArray(values) ? values.map(String) : []
    },
    has: (name) => options[camelCase(name)] === true,
    json: options['json'] === true,
    args: processed.map((value) => (typeof value === 'string' ? value : undefined)),
    rest: Array.isArray(last) ? last.map(String) : [],
    settings: resolveSettings({
      env: ignoreEnvironment ? {} : io.env,
      flags: Object.fromEntries(flags.map((flag) => [flag, option(flag)])),
      scope,
    }),
  }
}

/** Commander stores `--public-url` as `publicUrl`. */
function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_match, letter: string) => letter.toUpperCase())
}
