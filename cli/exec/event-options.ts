import { type BuildEventName, EVENT_NAMES } from '../../pipelines/event.js'
import type { CommandContext, CommandOption } from '../command.js'
import { usageError } from '../errors.js'
import { repoArgument } from '../commands/arguments.js'

/** The options that say which event a pipeline file is compiled for. */
export const EVENT_OPTIONS: readonly CommandOption[] = [
  ['--event <name>', `event to take it for: ${EVENT_NAMES.join(', ')}; default: push`],
  ['--branch <name>', 'branch to take it for; default: the one that is checked out'],
  ['--tag <name>', 'tag to take it for, with --event tag (then the default) or release'],
  [
    '--target <name>',
    'environment to deploy to, with --event promote (then the default) or rollback',
  ],
  ['--cron <name>', 'name of the cron job, with --event cron (then the default)'],
  ['--action <name>', 'what happened, for example opened or synchronized'],
  ['--repo <owner/name>', 'repo to take it for; default: by the remote called origin'],
  ['--message <text>', 'commit message; default: that of the checked-out commit'],
  ['--changed <path>', 'a file that changed, from the root of the repo; repeat it', 'repeated'],
  ['--param <name=value>', 'a parameter of the build; repeat it', 'repeated'],
]

/** What the options ask for; undefined: what the working tree says. */
export interface EventWish {
  readonly event: BuildEventName
  readonly branch?: string | undefined
  readonly tag?: string | undefined
  readonly target?: string | undefined
  readonly cron?: string | undefined
  readonly action?: string | undefined
  /** `owner/name`. */
  readonly repo?: string | undefined
  readonly message?: string | undefined
  readonly changedFiles?: readonly string[]
  readonly params?: Readonly<Record<string, string>>
}

/** Events that an option goes with, the one that it means by itself first. */
const GOES_WITH = {
  tag: ['tag', 'release'],
  target: ['promote', 'rollback'],
  cron: ['cron'],
} as const satisfies Record<string, readonly BuildEventName[]>

/** @throws CliError (exit 2) when options contradict each other or make no sense */
export function readEventOptions({ option, list }: CommandContext): EventWish {
  const [branch, tag, target, cron] = [
    option('branch'),
    option('tag'),
    option('target'),
    option('cron'),
  ]
  const event = eventOf(option('event'), { tag, target, cron })
  const repo = option('repo')
  const { owner, name } = repo === undefined ? {} : repoArgument(repo)
  const changed = list('changed')
  return {
    ...{ event, branch, tag, target, cron },
    action: option('action'),
    repo: repo === undefined ? undefined : `${owner}/${name}`,
    message: option('message'),
    ...(changed.length === 0 ? {} : { changedFiles: changed.map(withoutDot) }),
    params: Object.fromEntries(list('param').map(readParam)),
  }
}

function eventOf(
  given: string | undefined,
  options: Readonly<Record<keyof typeof GOES_WITH, string | undefined>>,
): BuildEventName {
  const asked = (['tag', 'target', 'cron'] as const).filter((one) => options[one] !== undefined)
  const [first] = asked
  const name = given ?? (first === undefined ? 'push' : GOES_WITH[first][0])
  const event = EVENT_NAMES.find((known) => known === name)
  if (event === undefined) throw usageError('unknown --event', `one of ${EVENT_NAMES.join(', ')}`)
  for (const one of asked) {
    const events: readonly BuildEventName[] = GOES_WITH[one]
    if (events.includes(event)) continue
    throw usageError(
      `--${one} says nothing of the event ${event}`,
      `use it with --event ${events.join(' or ')}`,
    )
  }
  return event
}

/** `src/a.ts` for `./src/a.ts`, as completion writes it. */
function withoutDot(path: string): string {
  return path.replace(/^(\.\/+)+/, '')
}

function readParam(text: string): readonly [string, string] {
  const at = text.indexOf('=')
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)]
  throw usageError(`--param ${text} has no name and value`, 'write it as NAME=VALUE')
}
