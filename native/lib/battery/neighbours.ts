import type { Area, Guard, Row } from './row.js'

function processRow(
  title: string,
  attempt: string,
  guards: readonly Guard[],
  open: string | readonly string[] = 'ok',
): Row {
  return { title, attempt, refused: ['ESRCH', 'ENOENT', 'EPERM'], guards, open }
}

/** For a process that is not its own user's. */
const OTHERS = ['pid-namespace', 'user-namespace'] as const

export const NEIGHBOURS: Area = {
  title: 'Other sandboxes and the host',
  rows: [
    processRow('signal a program of another step', 'signal:{SIBLING}', ['pid-namespace']),
    processRow('trace a program of another step', 'ptrace:{SIBLING}', ['pid-namespace']),
    processRow('read the memory of a program of another step', 'process_vm_readv:{SIBLING}', [
      'pid-namespace',
    ]),
    processRow('open the memory of a program of another step', 'mem:{SIBLING}', ['pid-namespace']),
    processRow('take the descriptors of a program of another step', 'pidfd_getfd:{SIBLING}', [
      'pid-namespace',
      'seccomp',
    ]),
    processRow('open the descriptors of a program of another step', 'fd:{SIBLING}', [
      'pid-namespace',
    ]),
    processRow('go to the root of a program of another step', 'root:{SIBLING}', ['pid-namespace']),
    processRow('read the environment of a program of another step', 'environ:{SIBLING}', [
      'pid-namespace',
    ]),
    processRow('signal a program of another stage', 'signal:{STRANGER}', OTHERS),
    processRow('open the memory of a program of another stage', 'mem:{STRANGER}', [
      ...OTHERS,
      'capabilities',
    ]),
    processRow('signal a process of the host', 'signal:{PROCESS}', OTHERS),
    processRow('open the memory of a process of the host', 'mem:{PROCESS}', [
      ...OTHERS,
      'capabilities',
    ]),
    processRow('go to the root of a process of the host', 'root:{PROCESS}', [
      ...OTHERS,
      'capabilities',
    ]),
    {
      title: 'use shared memory of the host',
      attempt: 'shared-memory:{MEMORY}',
      refused: 'EINVAL',
      guards: ['ipc-namespace'],
    },
    {
      title: 'see the name of the host',
      attempt: 'hostname:{HOSTNAME}',
      refused: 'ENODATA',
      guards: ['uts-namespace'],
    },
    {
      title: 'see its place in the cgroups of the host',
      attempt: 'cgroup-path',
      refused: 'ENODATA',
      guards: ['cgroup-namespace'],
      spec: { limits: { memoryBytes: 2 ** 28, pids: 50 } },
    },
    ...[{}, { network: 'none' as const }].flatMap((spec): readonly Row[] => [
      {
        title: `reach the loopback of the host${spec.network === undefined ? '' : ' without a network'}`,
        attempt: 'connect:127.0.0.1,{PORT}',
        refused: 'ECONNREFUSED',
        guards: ['network-namespace'],
        spec,
      },
      {
        title: `reach abstract unix sockets of the host${spec.network === undefined ? '' : ' without a network'}`,
        attempt: 'abstract:{ABSTRACT}',
        refused: 'ECONNREFUSED',
        guards: ['network-namespace'],
        spec,
      },
    ]),
    {
      title: 'reach addresses of the cloud',
      attempt: 'connect:169.254.169.254,80',
      refused: 'ENETUNREACH',
      // Only that it is not reached from here is tried: the host's own network is left alone.
      guards: [],
    },
  ],
}
