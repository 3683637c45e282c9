import path from 'node:path'
import type { RunConfig } from '../image/oci-image.js'
import { variablesOf } from '../image/oci-image.js'
import { RUN_SCRIPT_PATH, type RunAction } from './actions.js'
import { expand, type Situation } from './situation.js'
import { parseHeredoc } from './heredoc.js'
import type { CommandForm, RunInstruction } from './instruction.js'
import type { MountFlag } from './mount-flag.js'

const SHELL = ['/bin/sh', '-c']

/** Arguments that every RUN has, declared or not, and that history does not tell. */
const PROXY = /^(?:https?|ftp|no|all)_proxy$/i

/** What a RUN does. @throws WordError */
export function runAction(
  run: RunInstruction,
  situation: Situation,
): { readonly action: RunAction; readonly createdBy: string } {
  const { config, args } = situation.state
  const { argv, script } = programOf(run, config)
  const { given } = situation.scope
  const proxies = [...given].filter(([name]) => PROXY.test(name))
  for (const [name] of proxies) situation.scope.used.add(name)
  const env = Object.fromEntries([...proxies, ...args, ...variablesOf(config)])
  const action: RunAction = {
    kind: 'run',
    argv,
    env,
    user: config.User ?? '',
    cwd: config.WorkingDir ?? '/',
    network: run.network,
    mounts: run.mounts.map((mount) => expandMount(mount, situation)),
    ...(script === undefined ? {} : { script }),
  }
  const told = [...args].filter(([name]) => !PROXY.test(name))
  const prefix =
    told.length === 0
      ? ''
      : `|${String(told.length)} ${told.map(([name, value]) => `${name}=${value}`).join(' ')} `
  const what = script ?? argv.join(' ')
  const mounts = action.mounts.map((mount) => `--mount=${JSON.stringify(mount)} `).join('')
  const network = run.network === 'none' ? '--network=none ' : ''
  return { action, createdBy: `RUN ${mounts}${network}${prefix}${what}` }
}

/** Program and arguments of CMD and the like: what is for the shell gets the configured one. */
export function commandArgv(command: CommandForm, { Shell = SHELL }: RunConfig): readonly string[] {
  return command.form === 'exec' ? command.argv : [...Shell, command.text]
}

/** A path below the working directory; a slash at its end is lost. */
export function absolutePath(value: string, { WorkingDir = '/' }: RunConfig): string {
  return path.posix.resolve('/', WorkingDir, value)
}

function programOf(
  { command, heredocs }: RunInstruction,
  config: RunConfig,
): { readonly argv: readonly string[]; readonly script?: string } {
  const [first] = heredocs
  if (command.form === 'exec' || first === undefined) return { argv: commandArgv(command, config) }
  const text = command.text.trim()
  const isWhole = !/\s/.test(text) && parseHeredoc(text) !== null
  if (isWhole && first.content.startsWith('#!')) {
    return { argv: [RUN_SCRIPT_PATH], script: first.content }
  }
  // The shell reads heredocs that are part of a command itself.
  const ends = heredocs.map(({ content, name }) => `\n${content}${name}`)
  const whole = isWhole ? first.content : `${text}${ends.join('')}\n`
  return { argv: commandArgv({ form: 'shell', text: whole }, config) }
}

function expandMount(mount: MountFlag, situation: Situation): MountFlag {
  const of = (value: string): string => expand(value, situation)
  return {
    ...mount,
    target: mount.target === '' ? '' : absolutePath(of(mount.target), situation.state.config),
    source: of(mount.source),
    from: mount.from === null ? null : of(mount.from),
    id: of(mount.id),
    env: of(mount.env),
  }
}
