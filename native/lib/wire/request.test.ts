import { expect, it } from '@jest/globals'
import { join } from 'node:path'
import { buildDirectory } from '../addon.js'
import { Connection, type ExecObserver, type SandboxObserver } from '../connection.js'
import { destroyOutputs } from '../output.js'
import { defaultSeccompFilter } from '../seccomp/compile.js'
import { describeSandboxes } from '../testing/sandboxes.js'
import type { SandboxSpec } from '../types.js'
import { REQUEST } from './frame.js'
import { encodeExec, encodeStage, encodeStart } from './request.js'

const NOTHING: SandboxObserver & ExecObserver = {
  used: () => undefined,
  ended: () => undefined,
  exited: () => undefined,
  cleaned: () => undefined,
  gone: () => undefined,
}
const STAGE = {
  // Also root of a user namespace has this one.
  ids: { start: 1, count: 10 },
  volumes: [{ name: 'cache', sizeBytes: 4096 }],
}
const SPEC: SandboxSpec = {
  name: 'cut',
  root: {
    lowers: [{ path: '/no/such/layer', owner: 5 }],
    writable: { kind: 'directory', path: '/w' },
  },
  binds: [{ source: '/s', target: '/t', readOnly: true, idMapped: true }],
  outputFile: '/run/sandpiper/output',
  argv: ['/bin/true', 'argument'],
  env: { A: 'b' },
  cwd: '/',
  hostname: 'h',
  limits: {},
  rlimits: [{ name: 'NOFILE', soft: 1, hard: 2 }],
  network: 'none',
  user: { uid: 1, gid: 2, groups: [3] },
  volumes: [{ name: 'cache', target: '/cache', readOnly: true }],
  usageInterfaces: ['eth0'],
  tmpfs: [{ target: '/mem', sizeBytes: 4096 }],
}
const CGROUPS = [
  {
    directory: '/no/such/cgroup',
    unified: false,
    writes: [{ file: 'f', value: 'v', optional: true }],
    reads: ['r'],
    samples: [{ file: 's', numbers: [{ key: 'k ', is: 'pids', per: 1 } as const] }],
    sumIo: true,
  },
]

describeSandboxes('the launcher', () => {
  it('refuses a request that is cut off anywhere, or too long, and lives on', async () => {
    const launcher = process.env['SANDPIPER_TEST_LAUNCHER']
    const connection = new Connection(launcher ?? join(buildDirectory(), 'sandpiper-launcher'))
    await connection.request(REQUEST.configure, await defaultSeccompFilter())
    const stage = encodeStage(STAGE)
    const id = await connection.request(REQUEST.createStage, stage)
    const start = encodeStart(id, SPEC, CGROUPS)
    const startOf = (payload: Uint8Array): Promise<number> => {
      const { outputs, started } = connection.start(REQUEST.start, payload, NOTHING, true)
      destroyOutputs(outputs)
      return started
    }
    for (let size = 0; size < start.length; size++) {
      await expect(startOf(start.subarray(0, size))).rejects.toThrow('decode on request: EBADMSG')
    }
    await expect(startOf(Buffer.concat([start, Buffer.of(0)]))).rejects.toThrow('EBADMSG')
    for (let size = 0; size < stage.length; size++) {
      const cut = connection.request(REQUEST.createStage, stage.subarray(0, size))
      await expect(cut).rejects.toThrow('EBADMSG')
    }
    await expect(connection.request(99, stage)).rejects.toThrow('EBADMSG')
    await expect(connection.request(REQUEST.configure, stage)).rejects.toThrow('EBADMSG')
    const exec = encodeExec(id, {
      argv: ['/bin/true'],
      env: {},
      cwd: '/',
      user: { uid: 1, gid: 2 },
    })
    const execOf = (payload: Uint8Array): Promise<number> => {
      const { outputs, started } = connection.exec(payload, NOTHING)
      destroyOutputs(outputs)
      return started
    }
    for (let size = 0; size < exec.length; size++) {
      await expect(execOf(exec.subarray(0, size))).rejects.toThrow('decode on request: EBADMSG')
    }
    await expect(execOf(Buffer.concat([exec, Buffer.of(0)]))).rejects.toThrow('EBADMSG')
    // Whole, they are understood: no sandbox has the number.
    await expect(execOf(exec)).rejects.toThrow('exec on sandbox that has ended: ESRCH')
    await expect(startOf(start)).rejects.toThrow('openat2 on /no/such/layer: ENOENT')
    connection.end()
    await connection.closed
  })

  it('refuses numbers in a request that promise more than there is', async () => {
    const connection = new Connection(join(buildDirectory(), 'sandpiper-launcher'))
    await connection.request(REQUEST.configure, await defaultSeccompFilter())
    const start = encodeStart(1, SPEC, [])
    // The count of layers, then the length of the first one's path.
    for (const offset of [4, 8]) {
      const broken = Buffer.from(start)
      broken.writeUInt32LE(0xffff_fff0, offset)
      const { outputs, started } = connection.start(REQUEST.start, broken, NOTHING, false)
      destroyOutputs(outputs)
      await expect(started).rejects.toThrow('EBADMSG')
    }
    connection.end()
    await connection.closed
  })
})
