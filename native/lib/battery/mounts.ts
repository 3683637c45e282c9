import type { Area, Guard, Row } from './row.js'

const FILTER_AND_RIGHTS = ['seccomp', 'capabilities'] as const

function mounting(title: string, attempt: string, open = 'ok'): Row {
  return { title, attempt, refused: 'EPERM', open, guards: FILTER_AND_RIGHTS }
}

function namespaces(title: string, attempt: string, guards: readonly Guard[], refused = 'EPERM') {
  return { title, attempt, refused, guards }
}

export const MOUNTS: Area = {
  title: 'Mounts and namespaces',
  rows: [
    mounting('mount a tmpfs', 'mount'),
    // The pid namespace belongs to the host's user namespace, so no right inside is one there.
    {
      ...mounting('mount a new /proc, without masks', 'mount-proc'),
      guards: ['seccomp', 'capabilities', 'user-namespace'],
    },
    mounting('mount a directory a second time', 'mount-bind'),
    mounting('change the flags of its root', 'mount-again', 'ok'),
    mounting('unmount what is mounted', 'umount2'),
    mounting('change its root by pivot_root', 'pivot_root', 'EINVAL'),
    mounting('open a new file system', 'fsopen'),
    mounting('give a new file system options (CVE-2022-0185)', 'fsconfig'),
    mounting('open a mounted file system anew', 'fspick'),
    mounting('copy a tree of mounts', 'open_tree'),
    mounting('move a mount', 'move_mount'),
    mounting('change the attributes of a mount', 'mount_setattr'),
    {
      title: 'mount a cgroup hierarchy and open its release_agent (CVE-2022-0492)',
      attempt: 'release-agent',
      refused: 'EPERM',
      guards: ['seccomp', 'capabilities', 'user-namespace'],
    },
    {
      title: 'reach the tree of the host that its root was made in',
      attempt: 'above-root',
      refused: 'ENOENT',
      guards: ['blank-namespace', 'old-root'],
    },
    namespaces('make a user namespace by unshare', 'unshare-user', ['seccomp']),
    {
      ...namespaces('hide that in the upper half of the flags', 'unshare-user-high-bits', [
        'seccomp',
      ]),
      open: ['ok', 'EINVAL'],
    },
    namespaces('make a user namespace by clone', 'clone-user', ['seccomp']),
    namespaces('make a user namespace by clone3', 'clone3-user', ['seccomp'], 'ENOSYS'),
    namespaces('make a mount namespace', 'unshare-mount', FILTER_AND_RIGHTS),
    namespaces('make a mount namespace by clone', 'clone-mount', FILTER_AND_RIGHTS),
    namespaces('make a network namespace', 'unshare-net', FILTER_AND_RIGHTS),
    namespaces('make a time namespace', 'unshare-time', FILTER_AND_RIGHTS),
    namespaces('make a cgroup namespace', 'unshare-cgroup', FILTER_AND_RIGHTS),
    namespaces('join its own mount namespace again', 'setns-self', FILTER_AND_RIGHTS),
    namespaces('join its own network namespace again', 'setns-self-net', FILTER_AND_RIGHTS),
  ],
}
