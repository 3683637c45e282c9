import type { Area, Guard, Row } from './row.js'

function writing(path: string, guards: readonly Guard[]): Row {
  return {
    title: `write to ${path}`,
    attempt: `open-to-write:${path}`,
    refused: ['EACCES', 'EROFS', 'ENOENT'],
    guards,
    absent: 'ENOENT',
  }
}

function reading(
  path: string,
  guards: readonly Guard[],
  open: string | readonly string[] = 'ok',
): Row {
  return {
    title: `read ${path}`,
    attempt: `read:${path}`,
    refused: ['ENODATA', 'EACCES', 'EPERM', 'ENOENT'],
    open,
    guards,
    absent: 'ENOENT',
  }
}

/** Files that only the host's root may write: its own id, and the read-only mount. */
const WRITE_GUARDS = ['masks', 'user-namespace'] as const

export const PROC_AND_SYS: Area = {
  title: '/proc and /sys',
  rows: [
    writing('/proc/sys/kernel/core_pattern', WRITE_GUARDS),
    writing('/proc/sys/kernel/modprobe', WRITE_GUARDS),
    writing('/proc/sys/kernel/hotplug', WRITE_GUARDS),
    writing('/proc/sys/vm/drop_caches', WRITE_GUARDS),
    writing('/proc/sys/fs/binfmt_misc/register', WRITE_GUARDS),
    writing('/proc/sysrq-trigger', WRITE_GUARDS),
    writing('/proc/irq/default_smp_affinity', WRITE_GUARDS),
    writing('/proc/sys/net/ipv4/ip_forward', ['masks', 'capabilities']),
    writing('/sys/kernel/uevent_helper', ['read-only', 'user-namespace']),
    writing('/sys/kernel/rcu_expedited', ['read-only', 'user-namespace']),
    {
      title: 'make a file in /dev',
      attempt: 'make-directory:/dev/made',
      refused: 'EROFS',
      guards: ['read-only'],
    },
    {
      title: 'see keys in /proc/keys',
      attempt: 'own-key',
      refused: 'ENODATA',
      guards: ['masks'],
      // So that it has one.
      without: ['seccomp'],
      absent: 'ENOENT',
    },
    reading('/proc/timer_list', ['masks', 'user-namespace']),
    reading('/proc/interrupts', ['masks']),
    reading('/proc/kallsyms', ['masks']),
    reading('/proc/sched_debug', ['masks']),
    reading('/proc/kcore', ['masks', 'capabilities', 'user-namespace']),
    // A log that nothing new comes to is at its end.
    reading('/proc/kmsg', ['capabilities', 'user-namespace'], ['ok', 'EAGAIN']),
    {
      title: 'list /sys/firmware',
      attempt: 'list:/sys/firmware',
      refused: ['ENODATA', 'ENOENT'],
      guards: ['masks'],
      absent: 'ENOENT',
    },
  ],
}
