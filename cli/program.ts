import { Command, CommanderError } from 'commander'
import { addBackupCommands } from './commands/backup.js'
import { addBuildCommands } from './commands/build.js'
import { addConvertCommand } from './commands/convert.js'
import { addCronCommands } from './commands/cron.js'
import { addDoctorCommand } from './commands/doctor.js'
import { addExecCommand } from './commands/exec.js'
import { addExplainCommand } from './commands/explain.js'
import { addHookCommands } from './commands/hook.js'
import { addImageCommands } from './commands/image.js'
import { addLintCommand } from './commands/lint.js'
import { addPlanCommand } from './commands/plan.js'
import { addRepoCommands } from './commands/repo.js'
import { addRegistryCommands } from './commands/registry.js'
import { addRunnerCommand } from './commands/runner.js'
import { addSandboxCommands } from './commands/sandbox.js'
import { addSecretCommands } from './commands/secret.js'
import { addServerCommand } from './commands/server.js'
import { addStandaloneCommand } from './commands/standalone.js'
import { addTokenCommands } from './commands/token.js'
import type { Finish } from './command.js'
import { exitCodeOf, printError, usageError, withoutAbort } from './errors.js'
import { ExitCode } from './exit-code.js'
import type { CliIo } from './io.js'
import { VERSION } from './version.js'

/** Runs one command line. @returns the exit code; every error has been printed then */
export async function runCli(io: CliIo): Promise<number> {
  const json = io.argv.includes('--json')
  let code: number = ExitCode.ok
  try {
    await createProgram(io, (result) => (code = result)).parseAsync([...io.argv], { from: 'user' })
    return code
  } catch (error) {
    const known = translate(error, io.argv)
    if (known === null) return ExitCode.ok
    printError(io.stderr, known, { json })
    if (io.env['SANDPIPER_DEBUG'] === '1' && known instanceof Error) {
      io.stderr.write(`${known.stack ?? ''}\n`)
    }
    return exitCodeOf(known)
  }
}

/** All commands. Parsing throws CommanderError instead of ending the process. */
function createProgram(io: CliIo, finish: Finish): Command {
  const program = new Command('sandpiper')
  program
    .description(
      'Self-hosted CI/CD: every push becomes a build whose steps run in fresh sandboxes.',
    )
    .version(VERSION, '-V, --version', 'print the version')
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      // Errors come back as CommanderError and are printed once, by runCli.
      writeErr: () => undefined,
      getOutHelpWidth: () => io.terminalSize()?.columns ?? 100,
    })
  for (const add of ADDERS) add(program, io, finish)
  program.addHelpText('after', FOOTER)
  return program
}

const ADDERS: readonly ((program: Command, io: CliIo, finish: Finish) => void)[] = [
  addStandaloneCommand,
  addServerCommand,
  addBackupCommands,
  addRunnerCommand,
  addExecCommand,
  addLintCommand,
  addPlanCommand,
  addConvertCommand,
  addExplainCommand,
  addRepoCommands,
  addSecretCommands,
  addRegistryCommands,
  addHookCommands,
  addBuildCommands,
  addTokenCommands,
  addCronCommands,
  addImageCommands,
  addSandboxCommands,
  addDoctorCommand,
]

const FOOTER = `
Example:
  sandpiper standalone
  sandpiper repo add octo/hello --clone-url /srv/git/hello.git
  sandpiper build logs octo/hello 1 --follow

Exit codes: 0 done or passed, 1 the build or check failed, 2 usage, 3 host or set-up problem,
130 interrupted.`

function translate(error: unknown, argv: readonly string[]): unknown {
  return error instanceof CommanderError ? fromCommander(error, argv) : withoutAbort(error)
}

/** Our error for commander's; null when it only printed what was asked for. */
function fromCommander(error: CommanderError, argv: readonly string[]): Error | null {
  // `sandpiper help build` ends with 0, `sandpiper build` with 1; both are `commander.help`.
  if (error.exitCode === 0) return null
  if (error.code === 'commander.help') {
    const group = argv.find((word) => !word.startsWith('-'))
    const command = group === undefined ? 'sandpiper' : `sandpiper ${group}`
    return usageError('a command is missing', `\`${command} --help\` lists the commands`)
  }
  const message = error.message.replace(/^error: /, '').replace(/\n\((.*)\)$/s, ' ($1)')
  return usageError(message, 'add --help to see how the command is called')
}
