/** What depends most on the cgroups of the host. */
const CGROUPS = ['native/lib/cgroup/', 'native/lib/limits\\.test']
const USAGE = 'native/lib/usage\\.test'

/**
 * What is run in a virtual machine each: the cgroups of the guest and who runs the tests in which of them
 * (guest/hosts has them by name), and the tests, as patterns of Jest's. Those that share a cgroup with other
 * processes that have to make room are run by one worker: runners don't share one.
 */
export const SCENARIOS = [
  { name: 'v2-root', title: 'cgroup v2, root', workers: 2, tests: ['native/lib/'] },
  {
    name: 'v2-user',
    title: 'cgroup v2, ordinary user, delegated cgroup',
    workers: 1,
    tests: CGROUPS,
  },
  { name: 'v2-container', title: 'cgroup v2, root of a container', workers: 1, tests: CGROUPS },
  {
    name: 'hybrid',
    title: 'cgroups v1 and v2 with controllers each, root',
    workers: 2,
    tests: CGROUPS,
  },
  { name: 'v1', title: 'cgroup v1, root', workers: 2, tests: [...CGROUPS, USAGE] },
]
