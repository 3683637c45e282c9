import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { buildDirectory } from './addon.js'
import {
  describeSandboxes,
  finish,
  makeTestSandboxes,
  outputWith,
  type TestSandboxes,
} from './testing/sandboxes.js'
import { itOnHost } from './testing/this-host.js'
import { isInHostUserNamespace } from './user-namespace.js'

let sandboxes: TestSandboxes
beforeAll(async () => {
  sandboxes = await makeTestSandboxes()
})
afterAll(() => sandboxes.close())

/** What came back for each attempt of native/src/testing/attempt.cc. */
async function attempt(...names: readonly string[]): Promise<Record<string, string>> {
  const { output } = await sandboxes.run(`attempt ${names.join(' ')}`)
  const results = output.split('\n').filter(Boolean)
  return Object.fromEntries(results.map((line) => line.split(' ') as [string, string]))
}

/** Every one of `names` with the same result. */
function all(names: readonly string[], result: string): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, result]))
}

describeSandboxes('the identity of a step', () => {
  it('is root inside and an unprivileged id outside', async () => {
    const { output } = await sandboxes.run('id -u; cat /proc/self/uid_map /proc/self/gid_map')
    const [uid, ...maps] = output.trim().split('\n')
    expect(uid).toBe('0')
    expect(maps).toHaveLength(2)
    for (const map of maps) {
      const [inside, outside, count] = map.trim().split(/\s+/).map(Number)
      expect([inside, count]).toEqual([0, 65_536])
      expect(outside).toBe(sandboxes.ids.start)
    }
  })

  it('has the few capabilities that package managers need, and can get no others', async () => {
    const { output } = await sandboxes.run(
      'grep -E "^(Cap|NoNewPrivs|Seccomp|Groups)" /proc/self/status',
    )
    // chown, dac_override, fowner, fsetid, kill, setgid, setuid, setpcap, net_bind_service,
    // sys_chroot, setfcap.
    const kept = '00000000800405fb'
    expect(output.split('\n')).toEqual(
      expect.arrayContaining([
        'CapInh:\t0000000000000000',
        `CapPrm:\t${kept}`,
        `CapEff:\t${kept}`,
        `CapBnd:\t${kept}`,
        'CapAmb:\t0000000000000000',
        'NoNewPrivs:\t1',
        'Seccomp:\t2',
        'Groups:\t ',
      ]),
    )
  })

  it('can chown, become another user and use chroot', async () => {
    const { output } = await sandboxes.run(
      'touch f; chown 1000:1000 f; su user -c id; chroot / /bin/true && stat -c %u f',
    )
    expect(output).toBe('uid=1000(user) gid=1000 groups=1000\n1000\n')
  })
})

describeSandboxes('a path of the launcher', () => {
  it('is none that a program can start in or be', async () => {
    for (let fd = 0; fd < 32; fd++) {
      const path = `/proc/self/fd/${fd}`
      await expect(sandboxes.run('true', { cwd: path })).rejects.toThrow(/E(LOOP|NOENT|NOTDIR)$/)
      const executing = sandboxes.run('', { argv: [path] })
      await expect(executing).rejects.toThrow(/execve on .*: E(ACCES|NOENT)$/)
    }
  })
})

// What is refused, and that it would work otherwise: battery/.
describeSandboxes('system calls', () => {
  it('that programs need work', async () => {
    const names = [
      ...['clone-plain', 'unshare-files', 'personality-query', 'terminal', 'chroot'],
      // AF_INET, and AF_NETLINK for routes.
      ...['socket:2,1,0', 'socket:16,3,0'],
    ]
    expect(await attempt(...names)).toEqual(all(names, 'ok'))
  })

  it('that are newer than the profile do not exist', async () => {
    expect(await attempt('unknown-call')).toEqual({ 'unknown-call': 'ENOSYS' })
  })
})

describeSandboxes('what a step sees', () => {
  it('is read-only where it changes the host', async () => {
    const { output } = await sandboxes.run('cat /proc/self/mountinfo')
    for (const path of ['/proc/sys', '/proc/bus', '/proc/irq', '/proc/fs', '/sys', '/dev']) {
      expect(output).toMatch(new RegExp(` ${path} ro,`))
    }
  })

  it('has no mount of the host, and no path of it', async () => {
    const { output } = await sandboxes.run('cat /proc/self/mountinfo')
    const types = output
      .trim()
      .split('\n')
      .map((line) => line.split(' - ')[1]?.split(' ')[0])
    // Root of a user namespace shows the host's own devices.
    const devices = isInHostUserNamespace() ? [] : ['devtmpfs']
    const own = ['overlay', 'proc', 'sysfs', 'tmpfs', 'devpts', ...devices]
    expect(new Set(types)).toEqual(new Set(own))
    expect(output).not.toContain(sandboxes.root.directory)
    expect(output).not.toContain('/host')
  })

  it('is nothing of the devices and file systems that other writable layers are on', async () => {
    const places = '/proc/fs /sys/fs/ext4 /sys/devices/virtual/block /sys/devices/virtual/bdi'
    const { output } = await sandboxes.run(
      `find ${places} -mindepth 1; cat /proc/diskstats /proc/partitions`,
    )
    expect(output).not.toContain('loop')
    expect(output).not.toMatch(/^\//m)
  })

  it('has only its own processes', async () => {
    const { output } = await sandboxes.run('ls /proc | grep -c "^[0-9]"')
    // Init, the shell, ls and grep.
    expect(Number(output)).toBeLessThanOrEqual(4)
  })

  it('has the usual devices and no others', async () => {
    const { output } = await sandboxes.run(
      'ls /dev; head -c 4 /dev/zero | wc -c; head -c 4 /dev/urandom | wc -c',
    )
    expect(output.split('\n').filter(Boolean)).toEqual(
      'fd full null ptmx pts random shm stderr stdin stdout tty urandom zero 4 4'.split(' '),
    )
  })

  it('has terminals, but not those that others are to have', async () => {
    expect(await attempt('terminals:256')).toEqual({ 'terminals:256': 'ok' })
    expect(await attempt('terminals:257')).toEqual({ 'terminals:257': 'ENOSPC' })
  })

  it('can not use a device node that a layer brings', async () => {
    const { output } = await sandboxes.run('grep " / / " /proc/self/mountinfo')
    expect(output).toMatch(/nosuid,nodev/)
  })

  it('has no cgroup file system and is at the root of its cgroup namespace', async () => {
    const { output } = await sandboxes.run('ls /sys/fs/cgroup; cat /proc/self/cgroup', {
      limits: { memoryBytes: 2 ** 28, pids: 20 },
    })
    expect(output).not.toContain('sandpiper')
    expect(output).not.toMatch(/cgroup\.procs/)
  })
})

describeSandboxes('the network of a stage', () => {
  it('has a loopback of its own, shared by the sandboxes of the stage only', async () => {
    const serving = await sandboxes.stage.start(
      await sandboxes.specOf('(echo served | nc -l -p 4000) & sleep 0.1; echo ready; wait'),
    )
    await outputWith(serving, 'ready')
    expect((await sandboxes.run('nc -w 2 127.0.0.1 4000')).output).toBe('served\n')
    await serving.exit
    const { output } = await sandboxes.run('ip -o link | cut -d: -f2')
    expect(output.trim()).toBe('lo')
  })
})

describeSandboxes('what the kernel counts per user', () => {
  // An ordinary user's stages have the same ids, and so the same limits.
  itOnHost('is not taken from other stages or from the host by a stage', async () => {
    const taking = await sandboxes.stage.start(await sandboxes.specOf('attempt use-up-inotify'))
    await outputWith(taking, 'used up: Too many open files')
    expect(await attempt('inotify')).toEqual({ inotify: 'EMFILE' })
    const other = await sandboxes.makeStage()
    const { output } = await finish(await other.start(await sandboxes.specOf('attempt inotify')))
    expect(output).toBe('inotify ok\n')
    const host = spawnSync(join(buildDirectory(), 'attempt'), ['inotify'], { encoding: 'utf8' })
    expect(host.stdout).toBe('inotify ok\n')
    taking.kill()
    await taking.exit
    await other.destroy()
  })
})
