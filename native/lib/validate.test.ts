import { describe, expect, it } from '@jest/globals'
import type { SandboxSpec, StageSpec } from './types.js'
import { checkSandbox, checkStage } from './validate.js'

const SPEC: SandboxSpec = {
  name: 'a-1',
  root: { lowers: [{ path: '/l' }], writable: { kind: 'directory', path: '/w' } },
  binds: [{ source: '/s', target: '/t', readOnly: true }],
  argv: ['/bin/true'],
  env: { A: 'b' },
  cwd: '/',
  hostname: 'h',
  limits: { memoryBytes: 2 ** 20, cpus: 0.5, pids: 10 },
  rlimits: [{ name: 'NOFILE', soft: 10, hard: Infinity }],
}
const STAGE: StageSpec = { ids: { start: 100_000, count: 65_536 } }

const refusedSandboxes: readonly (readonly [string, Partial<SandboxSpec>, RegExp])[] = [
  ['a name with a slash', { name: 'a/b' }, /name "a\/b"/],
  ['an empty argv', { argv: [] }, /argv is empty/],
  ['a relative program', { argv: ['true'] }, /argv\[0\] "true" is not absolute/],
  ['a NUL in an argument', { argv: ['/x', 'a\0b'] }, /argv\[1\] has a NUL/],
  ['a NUL in the environment', { env: { A: '\0' } }, /environment variable "A" has a NUL/],
  ['an environment name with "="', { env: { 'A=B': '' } }, /"A=B" is empty or has a "="/],
  [
    'a target that climbs',
    { binds: [{ source: '/s', target: '/a/../b', readOnly: true }] },
    /"\.\."/,
  ],
  [
    'a target that is the root',
    { binds: [{ source: '/s', target: '//', readOnly: true }] },
    /must not be/,
  ],
  ['a relative source', { binds: [{ source: 's', target: '/t', readOnly: true }] }, /bind source/],
  ['a workspace at the root', { workspaceTarget: '/' }, /workspaceTarget must not be/],
  ['a relative cwd', { cwd: 'x' }, /cwd "x" is not absolute/],
  [
    'no layers',
    { root: { lowers: [], writable: { kind: 'directory', path: '/w' } } },
    /1 to 500 lower layers/,
  ],
  ['a path that is too long', { cwd: `/${'x'.repeat(5000)}` }, /5001 bytes/],
  ['an empty hostname', { hostname: '' }, /hostname must have/],
  ['a broken memory limit', { limits: { memoryBytes: 1.5 } }, /memoryBytes must be a whole/],
  ['no processor at all', { limits: { cpus: 0 } }, /cpus must be above 0/],
  ['too few processes', { limits: { pids: 1 } }, /pids must be/],
  ['an unknown resource', { rlimits: [{ name: 'FILES', soft: 1, hard: 1 }] }, /called FILES/],
  [
    'a soft limit above the hard',
    { rlimits: [{ name: 'CPU', soft: 2, hard: 1 }] },
    /above the hard/,
  ],
  ['a broken /dev/shm size', { shmBytes: -1 }, /shmBytes must be/],
  ['a negative user id', { user: { uid: -1, gid: 0 } }, /user uid must be/],
  ['a broken group id', { user: { uid: 1, gid: 1, groups: [0.5] } }, /user gid must be/],
  [
    'too many groups',
    { user: { uid: 1, gid: 1, groups: Array.from({ length: 65_537 }, () => 1) } },
    /at most 65536 groups/,
  ],
  ['an output file elsewhere', { outputFile: '/tmp/output' }, /outputFile "\/tmp\/output" is not/],
  ['a deeper output file', { outputFile: '/run/sandpiper/a/b' }, /outputFile .* is not/],
  ['an output file of no name', { outputFile: '/run/sandpiper/..' }, /outputFile .* is not/],
  ['a tmpfs at the root', { tmpfs: [{ target: '/', sizeBytes: 4096 }] }, /tmpfs target must not/],
  ['a tmpfs without limit', { tmpfs: [{ target: '/t', sizeBytes: 0 }] }, /sizeBytes must be/],
  [
    'a volume with a path as its name',
    { volumes: [{ name: '../dev', target: '/t', readOnly: true }] },
    /volume name "..\/dev"/,
  ],
  [
    'a volume at a relative path',
    { volumes: [{ name: 'v', target: 't', readOnly: true }] },
    /volume target "t" is not absolute/,
  ],
]

describe('checkSandbox', () => {
  it('takes a complete specification, and a cwd at the root', () => {
    expect(() => checkSandbox(SPEC)).not.toThrow()
  })

  it.each(refusedSandboxes)('refuses %s', (_, changes, message) => {
    expect(() => checkSandbox({ ...SPEC, ...changes })).toThrow(message)
  })
})

describe('checkStage', () => {
  it('takes a range of ids', () => {
    expect(() => checkStage(STAGE)).not.toThrow()
  })

  it('takes volumes, each name once', () => {
    const volumes = [
      { name: 'a', sizeBytes: 4096 },
      { name: 'b', sizeBytes: 2 ** 30 },
    ]
    expect(() => checkStage({ ...STAGE, volumes })).not.toThrow()
    const double = [...volumes, { name: 'a', sizeBytes: 4096 }]
    expect(() => checkStage({ ...STAGE, volumes: double })).toThrow('two volumes are called a')
    const small = [{ name: 'a', sizeBytes: 1 }]
    expect(() => checkStage({ ...STAGE, volumes: small })).toThrow('volume a sizeBytes')
  })

  it('refuses a range that holds host root or goes past the last id', () => {
    expect(() => checkStage({ ids: { start: 0, count: 10 } })).toThrow('ids.start')
    expect(() => checkStage({ ids: { start: 2 ** 32 - 10, count: 65_536 } })).toThrow('ids.count')
  })
})
