import type { Area } from './row.js'

export const FILES: Area = {
  title: 'Devices, handles and descriptors',
  rows: [
    {
      title: 'make a device',
      attempt: 'mknod',
      refused: 'EPERM',
      guards: ['capabilities', 'user-namespace'],
    },
    ...(
      [
        ['/dev/mem', '1,1'],
        ['/dev/kmsg', '1,11'],
        ['/dev/fuse', '10,229'],
        ['/dev/net/tun', '10,200'],
        ['/dev/loop-control', '10,237'],
      ] as const
    ).map(([name, numbers]) => ({
      title: `make and open ${name}`,
      attempt: `device:${numbers}`,
      refused: 'EPERM',
      // Nothing but the device is missing then.
      open: ['ok', 'ENXIO', 'ENODEV', 'ENOENT'],
      guards: ['capabilities', 'user-namespace', 'nodev'] as const,
    })),
    {
      title: 'open files by their handles ("shocker")',
      attempt: 'open_by_handle_at',
      refused: 'EPERM',
      open: ['ok', 'ESTALE', 'EOPNOTSUPP'],
      guards: ['seccomp'],
      without: ['capabilities', 'user-namespace'],
    },
    {
      title: 'find descriptors of the launcher (CVE-2016-9962)',
      attempt: 'leaked-descriptors',
      refused: 'EBADF',
      guards: ['close-range', 'close-on-exec'],
    },
  ],
}
