import type { Area, Guard, Row } from './row.js'

/** For calls whose right counts in the host's own user namespace only. */
const ALL = ['seccomp', 'capabilities', 'user-namespace'] as const

function call(
  title: string,
  attempt: string,
  guards: readonly Guard[],
  open: string | readonly string[] = 'ok',
): Row {
  return { title, attempt, refused: 'EPERM', guards, open, absent: 'ENOSYS' }
}

/** Calls of this architecture, and other ways to make calls. */
const X64: readonly Row[] = [
  call('talk to ports', 'ioperm', ALL),
  call('talk to all ports', 'iopl', ALL),
  call('have segments of its own', 'modify_ldt', ['seccomp']),
  // The attempt shows the end by SIGSYS as EPERM.
  call('call the kernel as 32-bit programs do', 'int80', ['seccomp']),
  call('call the kernel as x32 programs do', 'x32', ['seccomp']),
].map((row) => ({ ...row, arch: 'x64' }))

export const KERNEL: Area = {
  title: 'Calls that reach into the kernel',
  rows: [
    call('look at keys', 'keyctl', ['seccomp']),
    call('add a key', 'add_key', ['seccomp']),
    call(
      'have a key asked for by a program of the host',
      'request_key',
      ['seccomp'],
      ['ENOKEY', 'ENOENT'],
    ),
    call('handle page faults itself', 'userfaultfd', ['seccomp']),
    call('load a program into the kernel', 'bpf', ALL),
    call('measure events', 'perf_event_open', ['seccomp'], ['EFAULT', 'EACCES']),
    call('use io_uring', 'io_uring_setup', ['seccomp'], 'EFAULT'),
    call('compare the kernel’s objects', 'kcmp', ['seccomp']),
    call('control quotas', 'quotactl', ['seccomp'], ['EINVAL', 'ENODEV', 'ok']),
    call('load a module', 'init_module', ALL, ['ENOEXEC']),
    call('load a module from a file', 'finit_module', ALL, ['EBADF']),
    call('remove a module', 'delete_module', ALL, ['EFAULT']),
    call('load another kernel', 'kexec_load', ALL, 'EINVAL'),
    call('load another kernel from a file', 'kexec_file_load', ALL, 'EINVAL'),
    call('restart the host', 'reboot', ALL, 'EINVAL'),
    call('write accounts of processes', 'acct', ALL, ['EFAULT']),
    call('swap to a file', 'swapon', ALL, ['EFAULT']),
    call('end swapping', 'swapoff', ALL, ['EFAULT']),
    call('set the clock', 'settimeofday', ALL),
    call('adjust the clock', 'adjtimex', ['capabilities', 'user-namespace'], 'EINVAL'),
    {
      ...call('read the log of the kernel', 'syslog', ['seccomp']),
      // Where kernel.dmesg_restrict is set, these hold it off too.
      without: ['capabilities', 'user-namespace'],
    },
    call('watch all of the host’s files', 'fanotify_init', ALL),
    call('watch files by their handles', 'fanotify_init-fid', ['seccomp']),
    call('switch the randomization of addresses off', 'aslr-off', ['seccomp']),
    call('change the host’s name', 'sethostname', ALL, 'EINVAL'),
    call('change the host’s domain', 'setdomainname', ALL, 'EINVAL'),
    call('move pages between nodes', 'move_pages', ['seccomp'], ['ok', 'EINVAL']),
    call('bind memory to nodes', 'mbind', ['seccomp'], ['ok', 'EINVAL']),
    call('have memory that the kernel can’t see', 'memfd_secret', ['seccomp'], ['ok']),
    ...X64,
  ],
}
