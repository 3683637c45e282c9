import path from 'node:path'
import type { CommandsStep, EntrypointStep, SandboxStep } from '../../pipelines/plan.js'
import { SandpiperError } from '../../protocol/errors.js'
import type { ImageFiles } from './image-files.js'
import { SCRIPT_PATH } from './step-files.js'
import type { StepRoot } from './step-root.js'

const SHELL_DEFAULT = '/bin/sh'

/** What a step runs. */
type Program =
  | Pick<CommandsStep, 'kind' | 'shell'>
  | Pick<EntrypointStep, 'kind' | 'image' | 'entrypoint' | 'command'>

/**
 * Program and arguments of a step. Commands are a script for the shell, whatever the image would run.
 * Otherwise as Docker does it: `entrypoint` takes the place of the image's, and of its command too;
 * `command` takes the place of the image's command.
 * @param cwd where it starts: programs with a slash are looked for from there
 * @throws SandpiperError SP_RUNNER_NO_PROGRAM
 */
export async function programOf(
  step: Program,
  root: StepRoot,
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  if (step.kind === 'commands') return [step.shell ?? SHELL_DEFAULT, '-e', SCRIPT_PATH]
  const entrypoint = step.entrypoint ?? root.entrypoint
  const command = step.command ?? (step.entrypoint === undefined ? root.cmd : [])
  const argv = [...entrypoint, ...command]
  if (argv.length === 0) throw nothingToRun(step)
  return locateProgram(argv, { files: root.files, cwd, path: env['PATH'] ?? '', of: step })
}

export interface ProgramPlace {
  readonly files: ImageFiles
  readonly cwd: string
  /** Value of PATH. */
  readonly path: string
  readonly of: Pick<SandboxStep, 'image'>
}

/**
 * The same with an absolute path as the program, looked up as execvp(3) does: in the directories of
 * PATH where it has no slash.
 * @throws SandpiperError SP_RUNNER_NO_PROGRAM
 */
export async function locateProgram(
  argv: readonly string[],
  place: ProgramPlace,
): Promise<readonly string[]> {
  const [program = '', ...rest] = argv
  if (program.includes('/')) return [path.posix.resolve(place.cwd, program), ...rest]
  // The host's tools are mounted, not layered: the host's own shell looks there.
  if (place.of.image === undefined) return [SHELL_DEFAULT, '-c', 'exec "$0" "$@"', program, ...rest]
  for (const directory of place.path.split(':')) {
    const candidate = path.posix.resolve(place.cwd, directory, program)
    const found = program === '' ? null : await place.files.find(candidate)
    if (found?.kind === 'file' && found.isExecutable) return [candidate, ...rest]
  }
  throw notFound(program, place)
}

/** Where a step starts: services that run their image's own program where the image says. */
export function workingDirOf(step: SandboxStep, workspace: string, root: StepRoot): string {
  const isOwn = step.kind === 'entrypoint' && step.service === true && step.image !== undefined
  const start = isOwn ? root.workingDir : workspace
  return path.posix.resolve(workspace, step.workingDir ?? start)
}

function nothingToRun(step: Pick<SandboxStep, 'image'>): SandpiperError {
  const image = step.image === undefined ? 'the host' : `image ${step.image}`
  return new SandpiperError(
    'SP_RUNNER_NO_PROGRAM',
    `${image} has neither an entrypoint nor a command`,
    { hint: 'Give the step commands, an entrypoint or a command' },
  )
}

function notFound(program: string, place: ProgramPlace): SandpiperError {
  const where = `image ${place.of.image ?? ''}`
  return new SandpiperError(
    'SP_RUNNER_NO_PROGRAM',
    `${JSON.stringify(program)} is in none of the directories of PATH in ${where}: ${place.path}`,
    { hint: "Give its absolute path, or set PATH in the step's environment" },
  )
}
