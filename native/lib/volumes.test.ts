import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { chmod, chown, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  describeSandboxes,
  finish,
  makeTestSandboxes,
  type RunResult,
  type TestSandboxes,
} from './testing/sandboxes.js'
import { itLimited } from './testing/this-host.js'
import type { SandboxSpec, Stage } from './types.js'

let sandboxes: TestSandboxes
beforeAll(async () => {
  sandboxes = await makeTestSandboxes()
})
afterAll(() => sandboxes.close())

const MIB = 1024 * 1024
/** Options of the mount at a path, as a sandbox sees them. */
const optionsOf = (path: string): string => `grep " ${path} " /proc/self/mountinfo | cut -d" " -f6`

describeSandboxes('a directory in memory', () => {
  it('is there, empty, for everybody, and without set-user-id bits and devices', async () => {
    const { output } = await sandboxes.run(
      `ls -A /cache/deep; stat -c %a /cache/deep; ${optionsOf('/cache/deep')}; echo x >/cache/deep/x; cat /cache/deep/x`,
      {
        tmpfs: [{ target: '/cache/deep', sizeBytes: MIB }],
        user: { uid: 1000, gid: 1000 },
      },
    )
    expect(output).toMatch(/^1777\nrw,nosuid,nodev(,relatime)?\nx\n$/)
  })

  it('holds no more bytes and files than it may', async () => {
    const { output } = await sandboxes.run(
      `head -c 3000000 /dev/zero >/t/big; wc -c </t/big; rm /t/big
       i=0; while [ $i -lt 2000 ] && : >/t/$i; do i=$((i+1)); done 2>&1; `,
      { tmpfs: [{ target: '/t', sizeBytes: 2 * MIB }] },
    )
    expect(output).toMatch(/I\/O error\n2097152\n/)
    // 1024 and one for each of 512 pages, less the root's.
    expect(output).toMatch(/\/t\/1535: No space left on device\n$/)
  })

  itLimited('counts to the memory of its sandbox', async () => {
    const { exit, output } = await sandboxes.run('cat /dev/zero >/t/x; echo not reached', {
      tmpfs: [{ target: '/t', sizeBytes: 512 * MIB }],
      limits: { memoryBytes: 32 * MIB },
    })
    expect(exit.oomKills).toBeGreaterThan(0)
    expect(exit.memoryPeakBytes).toBeLessThanOrEqual(32 * MIB)
    expect(output).not.toContain('No space')
  })

  it('lies on top of binds, also where the image and /dev/shm are', async () => {
    const source = join(sandboxes.root.directory, 'below')
    await mkdir(source)
    const { output } = await sandboxes.run('df -k /dev/shm | tail -1; mkdir /b/x; ls /b /etc', {
      binds: [{ source, target: '/b', readOnly: true }],
      tmpfs: ['/b', '/etc', '/dev/shm'].map((target) => ({ target, sizeBytes: MIB })),
    })
    expect(output).toMatch(/ 1024 [^]*\/b:\nx\n\n\/etc:\n$/)
    expect(await readdir(source)).toEqual([])
  })

  it('can not be where nothing can be made, and the error says where', async () => {
    const tmpfs = [{ target: '/dev/new', sizeBytes: MIB }]
    await expect(sandboxes.run('true', { tmpfs })).rejects.toThrow('mkdir on /dev/new: EROFS')
  })
})

describeSandboxes('a volume of a stage', () => {
  const volumes = [
    { name: 'cache', sizeBytes: 2 * MIB },
    { name: 'other', sizeBytes: MIB },
  ]
  const run = async (
    stage: Stage,
    command: string,
    changes: Partial<SandboxSpec>,
  ): Promise<RunResult> => finish(await stage.start(await sandboxes.specOf(command, changes)))
  const at = (name: string, target: string, readOnly = false): Partial<SandboxSpec> => ({
    volumes: [{ name, target, readOnly }],
  })

  it('is shared by its sandboxes, each at its own path, until the stage ends', async () => {
    const stage = await sandboxes.makeStage({ volumes })
    const user = { user: { uid: 1000, gid: 1000 } }
    const first = await run(stage, `stat -c %u:%a /c; echo kept >/c/file; ${optionsOf('/c')}`, {
      ...at('cache', '/c'),
      ...user,
    })
    expect(first.output).toMatch(/^0:1777\nrw,nosuid,nodev(,relatime)?\n$/)
    const second = await run(stage, 'cat /else/where/file; stat -c %u /else/where/file', {
      ...at('cache', '/else/where'),
    })
    expect(second.output).toBe('kept\n1000\n')
    expect((await run(stage, 'ls -A /c', at('other', '/c'))).output).toBe('')
    expect((await run(stage, 'ls -A /c', {})).output).toMatch(/No such file/)
    await stage.destroy()
    const next = await sandboxes.makeStage({ volumes })
    expect((await run(next, 'ls -A /c', at('cache', '/c'))).output).toBe('')
    await next.destroy()
  })

  it('can be read only for one sandbox and is bounded for all', async () => {
    const stage = await sandboxes.makeStage({ volumes })
    const { output } = await run(stage, 'echo x >/c/file; ls -A /c', at('cache', '/c', true))
    expect(output).toMatch(/Read-only file system\n$/)
    await run(stage, 'head -c 1500000 /dev/zero >/c/a', at('cache', '/c'))
    const full = await run(
      stage,
      'head -c 1500000 /dev/zero >/c/b; df /c | tail -1',
      at('cache', '/c'),
    )
    expect(full.output).toMatch(/ 2048 +2048 +0 100% \/c\n$/)
    await stage.destroy()
  })

  it('that the stage does not have is named', async () => {
    const refused = run(sandboxes.stage, 'true', at('nothing', '/c'))
    await expect(refused).rejects.toThrow('open_tree on nothing: ENOENT')
  })
})

describeSandboxes('a directory of the host that steps share', () => {
  it('is theirs to write when it belongs to the root of the stage, without bits and devices', async () => {
    const source = join(sandboxes.root.directory, 'shared')
    await mkdir(source)
    await chown(source, sandboxes.ids.start, sandboxes.ids.start)
    const binds = [{ source, target: '/shared', readOnly: false }]
    const first = await sandboxes.run(
      `${optionsOf('/shared')}; cp /bin/busybox /shared/id; chmod 4755 /shared/id
       mkdir -m 777 /shared/open; attempt mknod-shared`,
      { binds },
    )
    expect(first.output).toMatch(/^rw,nosuid,nodev(,relatime)?\nmknod-shared EPERM\n$/)
    const second = await sandboxes.run(
      'stat -c %u /shared/id; /shared/id -u; id >/shared/open/id',
      {
        binds,
        user: { uid: 1000, gid: 1000 },
      },
    )
    expect(second.output).toBe('0\n1000\n')
    // What is left on the host belongs to ids that nobody there has.
    const left = await stat(join(source, 'id'))
    expect([left.uid, left.gid]).toEqual([sandboxes.ids.start, sandboxes.ids.start])
    expect((await stat(join(source, 'open/id'))).uid).toBe(sandboxes.ids.start + 1000)
    expect(await readFile(join(source, 'open/id'), 'utf8')).toContain('uid=1000')
  })

  it('is read only where that is asked for, also for root and below', async () => {
    const source = join(sandboxes.root.directory, 'guarded')
    await mkdir(join(source, 'inner'), { recursive: true })
    for (const path of [source, join(source, 'inner')]) {
      await chown(path, sandboxes.ids.start, sandboxes.ids.start)
      await chmod(path, 0o777)
    }
    const binds = [{ source, target: '/shared', readOnly: true }]
    const { output } = await sandboxes.run('touch /shared/a /shared/inner/b', { binds })
    expect(output.match(/Read-only file system/g)).toHaveLength(2)
    expect(await readdir(source)).toEqual(['inner'])
  })
})

describeSandboxes('where storage is mounted', () => {
  const volumes = [{ name: 'cache', sizeBytes: MIB }]
  const cacheAt = (target: string) => [{ name: 'cache', target, readOnly: false }]

  it('hides nothing that lies in it, whatever kind each is of', async () => {
    const source = join(sandboxes.root.directory, 'outer')
    await mkdir(source)
    await chmod(source, 0o777)
    const stage = await sandboxes.makeStage({ volumes })
    const spec = await sandboxes.specOf('for p in /a /a/b /a/b/c /v/b; do stat -f -c %T $p; done', {
      binds: ['/a', '/v/b'].map((target) => ({ source, target, readOnly: false })),
      volumes: cacheAt('/a/b'),
      tmpfs: ['/a/b/c', '/v'].map((target) => ({ target, sizeBytes: MIB })),
    })
    const disk = (await sandboxes.run('stat -f -c %T /a', { binds: spec.binds })).output
    const { output } = await finish(await stage.start(spec))
    expect(output).toBe(`${disk}tmpfs\ntmpfs\n${disk}`)
    await stage.destroy()
  })

  it('is no reserved place, none in it, and none around it, by whatever name', async () => {
    const stage = await sandboxes.makeStage({ volumes })
    await symlink('/run', join(sandboxes.root.lower, 'elsewhere'))
    const script = join(sandboxes.root.directory, 'script')
    await writeFile(script, 'text', { mode: 0o644 })
    const binds = [{ source: script, target: '/run/sandpiper/script', readOnly: true }]
    for (const target of ['/run', '/elsewhere', '/run/sandpiper', '/dev', '/sys', '/proc']) {
      const spec = await sandboxes.specOf('true', { binds, volumes: cacheAt(target) })
      await expect(stage.start(spec)).rejects.toMatchObject({ code: 'EINVAL', path: target })
    }
    const own = await sandboxes.specOf('cat /run/sandpiper/script; touch /run/sandpiper/x', {
      binds,
      tmpfs: [{ target: '/run', sizeBytes: MIB }],
      volumes: cacheAt('/run/cache'),
    })
    expect((await finish(await stage.start(own))).output).toMatch(/^text.*Read-only file system/)
    await stage.destroy()
  })
})
