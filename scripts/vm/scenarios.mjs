/**
 * What is run in a virtual machine each: the cgroups of the guest (see guest/start), who runs the tests,
 * and which, as patterns of Jest's.
 */
export const SCENARIOS = [
  {
    name: 'v2-root',
    title: 'cgroup v2, root',
    CGROUPS: 'v2',
    RUN_AS: 'root',
    TESTS: ['native/lib/'],
  },
]
