import type { Area, Row } from './row.js'

/** Capabilities that would each be the end of it; numbers of linux/capability.h. */
const CAPABILITIES = [
  ['CAP_DAC_READ_SEARCH', 2],
  ['CAP_NET_ADMIN', 12],
  ['CAP_NET_RAW', 13],
  ['CAP_SYS_MODULE', 16],
  ['CAP_SYS_RAWIO', 17],
  ['CAP_SYS_PTRACE', 19],
  ['CAP_SYS_ADMIN', 21],
  ['CAP_MKNOD', 27],
  ['CAP_BPF', 39],
] as const

export const RIGHTS: Area = {
  title: 'Who a step is',
  rows: [
    {
      title: 'be the host’s root',
      attempt: 'host-root',
      refused: 'EPERM',
      guards: ['user-namespace'],
    },
    ...CAPABILITIES.map(([name, number]): Row => ({
      title: `have ${name}`,
      attempt: `has-capability:${number}`,
      refused: 'EPERM',
      guards: ['capabilities'],
    })),
    {
      title: 'get capabilities back by executing a program',
      attempt: 'has-capability:21',
      refused: 'EPERM',
      guards: ['bounding-set'],
      without: ['seccomp', 'no-new-privs'],
    },
    {
      title: 'gain privileges by executing a program',
      attempt: 'may-gain-privileges',
      refused: 'EPERM',
      guards: ['no-new-privs'],
      // A filter without it takes a capability that is gone by then.
      without: ['seccomp'],
    },
    {
      title: 'get a lower nice value',
      attempt: 'negative-nice',
      refused: 'EACCES',
      guards: ['capabilities', 'user-namespace'],
    },
    {
      title: 'run in real time',
      attempt: 'real-time',
      refused: 'EPERM',
      guards: ['capabilities', 'user-namespace'],
      // A cgroup has no such time of its own with version 1.
      without: ['cgroups'],
    },
    {
      title: 'open more files than it may',
      attempt: 'open-many:100',
      refused: 'EMFILE',
      guards: ['rlimits'],
      spec: { rlimits: [{ name: 'NOFILE', soft: 64, hard: 64 }] },
    },
    {
      title: 'raise a hard limit',
      attempt: 'raise-rlimit',
      refused: 'EPERM',
      guards: ['capabilities', 'user-namespace'],
      // The host's root may be without CAP_SYS_RESOURCE itself.
      absent: 'EPERM',
    },
  ],
}
