import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { createServer, type Server } from 'node:net'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import {
  describeSandboxes,
  makeTestSandboxes,
  outputWith,
  type TestSandboxes,
} from './testing/sandboxes.js'

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
      expect(outside).toBeGreaterThanOrEqual(1_000_000_000)
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

describeSandboxes('system calls', () => {
  const mounting = [
    'mount',
    'umount2',
    'pivot_root',
    'fsopen',
    'open_tree',
    'move_mount',
    'mount_setattr',
  ]
  it('that mount are refused', async () => {
    expect(await attempt(...mounting)).toEqual(all(mounting, 'EPERM'))
  })

  it('that make namespaces are refused, by every way', async () => {
    const refused = ['unshare-user', 'unshare-mount', 'unshare-time', 'clone-user', 'setns-self']
    expect(await attempt(...refused)).toEqual(all(refused, 'EPERM'))
    expect(await attempt('clone3-user', 'clone-plain', 'unshare-files')).toEqual({
      'clone3-user': 'ENOSYS',
      'clone-plain': 'ok',
      'unshare-files': 'ok',
    })
  })

  it('on pid 1 are refused', async () => {
    const refused = ['ptrace-init', 'process_vm_readv-init', 'pidfd_getfd-init']
    expect(await attempt(...refused)).toEqual(all(refused, 'EPERM'))
    const hidden = ['init-exe', 'init-root', 'setns-init']
    expect(await attempt(...hidden)).toEqual(all(hidden, 'EACCES'))
  })

  const kernel = [
    ...['keyctl', 'add_key', 'userfaultfd', 'bpf', 'perf_event_open', 'io_uring_setup', 'kcmp'],
    ...['quotactl', 'init_module', 'kexec_load', 'acct', 'swapon', 'settimeofday', 'syslog'],
    ...['fanotify_init', 'aslr-off', 'open_by_handle_at', 'mknod', 'sethostname', 'raise-rlimit'],
  ]
  it('that reach into the kernel or the host are refused', async () => {
    expect(await attempt(...kernel)).toEqual(all(kernel, 'EPERM'))
    expect(await attempt('negative-nice')).toEqual({ 'negative-nice': 'EACCES' })
  })

  it('open only sockets of the ordinary families', async () => {
    const refused = ['af-vsock', 'af-alg', 'af-packet', 'af-inet-raw', 'nfnetlink']
    expect(await attempt(...refused)).toEqual(all(refused, 'EPERM'))
    const allowed = ['rtnetlink', 'af-inet']
    expect(await attempt(...allowed)).toEqual(all(allowed, 'ok'))
  })

  it('can not type into a terminal, whatever the upper half of the argument is', async () => {
    const refused = ['tiocsti', 'tiocsti-high-bits', 'tioclinux']
    expect(await attempt(...refused)).toEqual(all(refused, 'EPERM'))
  })

  it('by another convention end the process', async () => {
    // The attempt shows the end by SIGSYS as EPERM.
    expect(await attempt('int80', 'x32')).toEqual({ int80: 'EPERM', x32: 'EPERM' })
  })

  it('that are newer than the profile do not exist, and the query of the personality works', async () => {
    expect(await attempt('unknown-call', 'personality-query')).toEqual({
      'unknown-call': 'ENOSYS',
      'personality-query': 'ok',
    })
  })
})

describeSandboxes('what a step sees', () => {
  it('is masked where it tells of the host', async () => {
    const { output } = await sandboxes.run(
      'cat /proc/keys /proc/timer_list /proc/interrupts | wc -c; ls -A /sys/firmware /proc/acpi | grep -v :',
    )
    expect(output.trim()).toBe('0')
  })

  it('is read-only where it changes the host', async () => {
    const names = [
      'write-core-pattern',
      'write-sysrq',
      'write-ip-forward',
      'write-dev',
      'write-sys',
    ]
    for (const result of Object.values(await attempt(...names))) {
      // By ownership already, by the read-only mount, or not even there.
      expect(['EACCES', 'EROFS', 'ENOENT']).toContain(result)
    }
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
    expect(new Set(types)).toEqual(new Set(['overlay', 'proc', 'sysfs', 'tmpfs', 'devpts']))
    expect(output).not.toContain(sandboxes.root.directory)
    expect(output).not.toContain('/host')
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
  let server: Server
  let port = 0
  beforeAll(async () => {
    server = createServer((socket) => socket.end('secret'))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as { port: number }).port
  })
  afterAll(() => {
    server.close()
  })

  it('does not reach the loopback of the host', async () => {
    const { output } = await sandboxes.run(`nc -w 1 127.0.0.1 ${port} </dev/null; echo $?`)
    expect(output).toMatch(/refused\n1\n$/)
  })

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

  it('does not reach abstract unix sockets of the host', async () => {
    const name = `sandpiper-test-${process.pid}`
    const abstract = createServer((socket) => socket.end())
    abstract.listen(`\0${name}`)
    await once(abstract, 'listening')
    expect(await readFile('/proc/net/unix', 'utf8')).toContain(`@${name}`)
    const result = await attempt(`abstract:${name}`)
    abstract.close()
    expect(result).toEqual({ [`abstract:${name}`]: 'ECONNREFUSED' })
  })
})
