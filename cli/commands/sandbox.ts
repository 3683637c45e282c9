import type { Command } from 'commander'
import { DEFAULT_LIMITS } from '../../runner/config.js'
import { formatBytes, formatDuration } from '../../runner/stage/format.js'
import { OPEN_FILES_UNASKED } from '../../runner/stage/rlimits.js'
import { addCommand, addGroup, type Finish } from '../command.js'
import type { CliIo } from '../io.js'

const { memoryBytes, pids, diskBytes, openFiles, graceMs } = DEFAULT_LIMITS

/** `sandpiper sandbox ...` */
export function addSandboxCommands(program: Command, io: CliIo, finish: Finish): void {
  const sandbox = addGroup(program, 'sandbox', 'the sandbox on its own, without a pipeline')
  addCommand(sandbox, io, finish, {
    syntax: 'run [command...]',
    summary: 'run one command in a fresh sandbox; its exit code is this command’s',
    scope: 'sandbox',
    asRoot: true,
    options: [
      ['--image <name>', 'the image to run on; without a command it runs what the image would'],
      [
        '--pull <when>',
        'when to look for the image in its registry: always, if-not-exists (the default), never',
      ],
      ['--host', "run on the host's own tools, read-only, instead of an image"],
      [
        '--memory <bytes>',
        `memory limit, such as 256m; no swap comes on top; default: ${formatBytes(memoryBytes)}`,
      ],
      ['--cpus <number>', 'CPU limit, such as 1.5; default: none'],
      ['--pids <number>', `processes and threads at a time, with its init; default: ${pids}`],
      [
        '--disk <bytes>',
        `what may be written to the root file system, such as 1g; default: ${formatBytes(diskBytes)}`,
      ],
      [
        '--open-files <number>',
        `files that a process may have open; default: ${openFiles}, of which a program gets ${OPEN_FILES_UNASKED} unless it asks`,
      ],
      ['--network <kind>', 'none, the only kind: it has loopback only, also without this option'],
      ['--env <name=value>', 'a variable; can be given several times', 'repeated'],
      [
        '--workdir <directory>',
        'directory inside to start in, a relative one below /; made when it is not there',
      ],
      ['--user <user>', 'name or number of the user inside, with :GROUP where it is another'],
      ['--timeout <time>', 'end it after this time, such as 30s; default: no limit'],
      [
        '--grace <time>',
        `time between asking it to end and ending it; default: ${formatDuration(graceMs)}`,
      ],
      [
        '--mount <source:target[:ro]>',
        'a directory or file of the host, which it sees as an unprivileged stranger',
        'repeated',
      ],
    ],
    examples: [
      'sandpiper sandbox run --image busybox -- sh -c "echo hello"',
      'sandpiper sandbox run --host --memory 256m --cpus 1 --mount .:/src:ro -- make -C /src test',
      'sandpiper sandbox run --image busybox --json -- true 2> output',
      '',
      'Its standard input is empty. What it prints to stdout and to stderr comes as one stream on stdout, with',
      '--json on stderr.',
      'Exit codes: that of the command, or 128 and the number of the signal that ended it; 1 where it ended',
      'with 0 because a limit asked it to. Errors of Sandpiper itself are 2 (usage) and 3 (host), with a line',
      '`error: ...` on stderr; 130 interrupted.',
      'SIGINT and SIGTERM ask the command to end; a second one ends it at once.',
    ],
    run: async (context) => (await import('../run/sandbox-run.js')).runSandboxRun(context),
  })
}
