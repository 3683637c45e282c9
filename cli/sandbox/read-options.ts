import { resolve } from 'node:path'
import type { BareRun } from '../../runner/bare-run/types.js'
import { RESOURCE_BOUNDS } from '../../pipelines/resource-bounds.js'
import { DEFAULT_LIMITS } from '../../runner/config.js'
import type { CommandContext } from '../command.js'
import {
  bytesWithin,
  cpus,
  duration,
  integerWithin,
  oneOf,
  type ValueType,
} from '../config/values.js'
import { usageError } from '../errors.js'

/** The run that the options of `sandbox run` ask for. @throws CliError SP_CLI_USAGE */
export function readRunOptions(context: CommandContext): BareRun {
  const { rest: argv } = context
  const image = context.option('image')
  if (image !== undefined && context.has('host')) {
    throw usageError('--image and --host exclude each other', 'give one of them')
  }
  if (image === undefined && argv.length === 0) {
    throw usageError(
      'a command is missing',
      'for example: sandpiper sandbox run --host -- uname -a',
    )
  }
  const timeoutMs = parsed(context, 'timeout', duration)
  const workingDir = context.option('workdir')
  const user = context.option('user')
  return {
    argv,
    env: environmentOf(context.list('env')),
    resources: resourcesOf(context),
    graceMs: parsed(context, 'grace', duration) ?? DEFAULT_LIMITS.graceMs,
    mounts: context.list('mount').map((text) => mountOf(text, context.io.cwd)),
    ...(image === undefined ? {} : { image }),
    ...pullOf(context.option('pull')),
    ...(workingDir === undefined ? {} : { workingDir }),
    ...(user === undefined ? {} : { user }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...networkOf(context.option('network')),
  }
}

function pullOf(text: string | undefined): Pick<BareRun, 'pull'> {
  if (text === undefined) return {}
  const parsed = oneOf(['always', 'if-not-exists', 'never']).parse(text)
  if ('value' in parsed) return { pull: parsed.value }
  throw usageError(`--pull=${text}: ${parsed.problem}`)
}

function resourcesOf(context: CommandContext): BareRun['resources'] {
  const memoryBytes = parsed(context, 'memory', bytesWithin(RESOURCE_BOUNDS.memoryBytes))
  const limitCpus = parsed(context, 'cpus', cpus)
  const pids = parsed(context, 'pids', integerWithin(RESOURCE_BOUNDS.pids))
  const diskBytes = parsed(context, 'disk', bytesWithin(RESOURCE_BOUNDS.diskBytes))
  const openFiles = parsed(context, 'open-files', integerWithin(RESOURCE_BOUNDS.openFiles))
  return {
    ...(openFiles === undefined ? {} : { openFiles }),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(limitCpus === undefined ? {} : { cpus: limitCpus }),
    ...(pids === undefined ? {} : { pids }),
    ...(diskBytes === undefined ? {} : { diskBytes }),
  }
}

/** The value of an option by its type. */
function parsed<T>(context: CommandContext, name: string, type: ValueType<T>): T | undefined {
  const text = context.option(name)
  if (text === undefined) return undefined
  const result = type.parse(text)
  if ('problem' in result) throw usageError(`--${name} ${text}: ${result.problem}`)
  return result.value
}

function networkOf(text: string | undefined): Pick<BareRun, 'network'> {
  if (text === undefined) return {}
  if (text === 'none') return { network: text }
  throw usageError(`--network ${text}: must be none`, 'there is loopback only, with or without it')
}

function environmentOf(entries: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    entries.map((entry) => {
      const match = /^([^=\0]+)=([^\0]*)$/s.exec(entry)
      if (!match) throw usageError(`--env ${entry}: must be NAME=VALUE`)
      return [match[1] ?? '', match[2] ?? '']
    }),
  )
}

function mountOf(text: string, cwd: string): BareRun['mounts'][number] {
  const match = /^([^:]+):(\/[^:]*)(?::(ro|rw))?$/.exec(text)
  if (!match) {
    const hint = 'the target is an absolute path inside, for example --mount ./src:/src:ro'
    throw usageError(`--mount ${text}: must be SOURCE:TARGET or SOURCE:TARGET:ro`, hint)
  }
  const [, source = '', target = '', mode = 'rw'] = match
  return { source: resolve(cwd, source), target, readOnly: mode === 'ro' }
}
