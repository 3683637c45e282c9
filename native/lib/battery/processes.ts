import type { Area, Guard, Row } from './row.js'

function initRow(
  title: string,
  attempt: string,
  guards: readonly Guard[],
  open: string | readonly string[] = 'ok',
): Row {
  return { title, attempt: `${attempt}:1`, refused: ['EPERM', 'EACCES'], guards, open }
}

/** Its init has the launcher's memory and is the launcher's program. */
export const PROCESSES: Area = {
  title: 'The init of the sandbox',
  rows: [
    initRow('trace the init', 'ptrace', ['undumpable']),
    initRow('read the memory of the init', 'process_vm_readv', ['undumpable']),
    initRow(
      'write to the memory of the init',
      'process_vm_writev',
      ['undumpable'],
      ['ok', 'EFAULT'],
    ),
    initRow('open the memory of the init', 'mem', ['undumpable']),
    // It has none by that number.
    initRow(
      'take the descriptors of the init',
      'pidfd_getfd',
      ['undumpable', 'seccomp'],
      ['ok', 'EBADF'],
    ),
    initRow('open the program of the init, the launcher', 'exe', ['undumpable']),
    // While it runs nobody can write to it, which is the last of the guards.
    initRow(
      'open the launcher to write (CVE-2019-5736)',
      'exe-write',
      ['undumpable', 'user-namespace'],
      'ETXTBSY',
    ),
    initRow('go to the root of the init', 'root', ['undumpable']),
    initRow('go to the working directory of the init', 'cwd', ['undumpable']),
    initRow('list the descriptors of the init', 'fd', ['undumpable']),
    initRow('read the environment of the init', 'environ', ['undumpable']),
    // One that gets no time can't end the sandbox.
    ...(
      [
        ['run the init when nothing else wants to run', 'init-idle'],
        ['bind the init to a processor', 'init-affinity'],
        ['let the init give way', 'init-nice'],
        ['let all of its user give way', 'user-nice'],
        ['limit the time of the init', 'init-limit'],
      ] as const
    ).map(([title, attempt]): Row => ({ title, attempt, refused: 'EPERM', guards: ['seccomp'] })),
    {
      title: 'join the namespaces of the init',
      attempt: 'setns-init',
      refused: 'EACCES',
      guards: ['undumpable', 'seccomp', 'capabilities'],
    },
  ],
}
