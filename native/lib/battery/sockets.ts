import type { Area, Row } from './row.js'

/** Families that need no right, so that the filter alone refuses them. */
const FAMILIES: readonly (readonly [string, string])[] = [
  ['AF_VSOCK', '40,1,0'],
  ['AF_ALG', '38,5,0'],
  ['AF_KEY', '15,3,2'],
  ['AF_XDP', '44,3,0'],
  ['AF_BLUETOOTH', '31,3,0'],
  ['AF_CAN', '29,3,1'],
  ['AF_TIPC', '30,1,0'],
  ['AF_RDS', '21,5,0'],
]

function family([name, numbers]: readonly [string, string]): Row {
  return {
    title: `open a socket of ${name}`,
    attempt: `socket:${numbers}`,
    refused: 'EPERM',
    open: ['ok', 'EAFNOSUPPORT', 'EPROTONOSUPPORT', 'ESOCKTNOSUPPORT'],
    guards: ['seccomp'],
    // Some want one: the filter is what is looked at here.
    without: ['capabilities', 'user-namespace'],
  }
}

export const SOCKETS: Area = {
  title: 'Sockets and terminals',
  rows: [
    ...FAMILIES.map(family),
    {
      title: 'open a socket of any other family',
      attempt: 'other-families',
      refused: 'EPERM',
      guards: ['seccomp'],
    },
    {
      title: 'hide a family in the upper half of the argument',
      attempt: 'family-with-high-bits',
      refused: 'EPERM',
      open: ['ok', 'EAFNOSUPPORT'],
      guards: ['seccomp'],
    },
    {
      title: 'see all packets',
      attempt: 'af-packet',
      refused: 'EPERM',
      guards: ['seccomp', 'capabilities'],
    },
    {
      title: 'send raw packets',
      attempt: 'af-inet-raw',
      refused: 'EPERM',
      guards: ['capabilities'],
    },
    {
      title: 'talk to the packet filter (nfnetlink)',
      attempt: 'nfnetlink',
      refused: 'EPERM',
      open: ['ok', 'EPROTONOSUPPORT'],
      guards: ['seccomp'],
    },
    {
      title: 'open any netlink socket but that for routes',
      attempt: 'other-netlink',
      refused: 'EPERM',
      guards: ['seccomp'],
    },
    {
      title: 'type into a terminal',
      attempt: 'tiocsti',
      refused: 'EPERM',
      // EIO: the host has switched it off.
      open: ['ok', 'EIO'],
      guards: ['seccomp'],
    },
    {
      title: 'type into a terminal with more bits in the argument',
      attempt: 'tiocsti-high-bits',
      refused: 'EPERM',
      open: ['ok', 'EIO'],
      guards: ['seccomp'],
    },
    {
      title: 'type into a console',
      attempt: 'tioclinux',
      refused: 'EPERM',
      open: ['ok', 'ENOTTY', 'EINVAL'],
      guards: ['seccomp'],
    },
    {
      title: 'be in a session with a process outside',
      attempt: 'foreign-session',
      refused: 'ESRCH',
      guards: ['session'],
    },
  ],
}
