import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  describeSandboxes,
  execIn,
  finish,
  finishProcess,
  makeTestSandboxes,
  outputWith,
  type TestSandboxes,
} from './testing/sandboxes.js'
import type { Sandbox, SandboxSpec } from './types.js'

let sandboxes: TestSandboxes
beforeAll(async () => {
  sandboxes = await makeTestSandboxes()
})
afterAll(() => sandboxes.close())

/** A sandbox that runs until it is killed, its program's command having said "ready". */
async function running(command = ':', changes: Partial<SandboxSpec> = {}): Promise<Sandbox> {
  const spec = await sandboxes.specOf(`${command}; echo ready; exec sleep 1000`, changes)
  const sandbox = await sandboxes.stage.start(spec)
  await outputWith(sandbox, 'ready')
  return sandbox
}

async function end(sandbox: Sandbox): Promise<void> {
  sandbox.kill()
  await sandbox.exit
}

/** Output of a shell command that is run in a sandbox that is there already. */
async function outputOf(sandbox: Sandbox, command: string): Promise<string> {
  return (await finishProcess(await execIn(sandbox, command))).output
}

describeSandboxes('a program that is run in a sandbox', () => {
  it('gives its own output and exit code', async () => {
    const sandbox = await running()
    const first = await finishProcess(await execIn(sandbox, 'echo out; echo err >&2; exit 7'))
    expect(first).toEqual({ output: 'out\nerr\n', exit: { code: 7, signal: null } })
    const second = await finishProcess(await execIn(sandbox, 'kill -SEGV $$'))
    expect(second.exit).toEqual({ code: null, signal: 11 })
    await end(sandbox)
  })

  it('sees the files, processes and memory of the sandbox', async () => {
    const base = join(sandboxes.root.directory, 'exec-bind')
    await mkdir(base)
    const sandbox = await running('echo 1 >/file; echo 2 >/mem/file; echo 3 >/dev/shm/file', {
      tmpfs: [{ target: '/mem', sizeBytes: 4096 * 4 }],
      binds: [{ source: base, target: '/bind', readOnly: true }],
      hostname: 'inner',
    })
    const output = await outputOf(
      sandbox,
      'cat /file /mem/file /dev/shm/file; hostname; pidof sleep; touch /bind/x; echo back >/back',
    )
    expect(output).toMatch(/^1\n2\n3\ninner\n\d+\ntouch: .*Read-only file system\n$/)
    expect(await outputOf(sandbox, 'cat /back')).toBe('back\n')
    await end(sandbox)
  })

  it('has the same namespaces, cgroups, rights and limits as the program', async () => {
    const look = `for n in mnt pid ipc uts net user cgroup; do readlink /proc/self/ns/$n; done
      cat /proc/self/cgroup /proc/self/limits /proc/self/mountinfo /proc/self/uid_map
      grep -E "^(Uid|Gid|Groups|Cap...|NoNewPrivs|Seccomp|Seccomp_filters|Umask|Sig...|Cpus_allowed):" /proc/self/status`
    const changes = { limits: { pids: 30, memoryBytes: 2 ** 26 }, network: 'none' } as const
    const rlimits = [{ name: 'NOFILE', soft: 77, hard: 88 }]
    const sandbox = await sandboxes.stage.start(
      await sandboxes.specOf(`(${look}); echo ready; exec sleep 1000`, { ...changes, rlimits }),
    )
    const seen = await outputWith(sandbox, 'ready\n')
    expect(seen).toMatch(/Max open files +77 +88/)
    expect((await outputOf(sandbox, `(${look}); echo ready`)).split('\n')).toEqual(seen.split('\n'))
    await end(sandbox)
  })

  it('has the environment, directory and arguments it was given, and no standard input', async () => {
    const sandbox = await running('mkdir /here')
    const process = await sandbox.exec({
      argv: [
        '/bin/sh',
        '-c',
        'env; pwd; cat; printf "%s|" "$@"; ls /proc/self/fd',
        'sh',
        'a\nb',
        '',
      ],
      env: { PATH: '/bin', A: 'x y' },
      cwd: '/here',
    })
    const { output } = await finishProcess(process)
    const lines = output.split('\n').filter((line) => !/^(SHLVL|PWD)=/.test(line))
    // 3 is ls's own.
    expect(lines.join('\n')).toBe('A=x y\nPATH=/bin\n/here\na\nb||0\n1\n2\n3\n')
    await end(sandbox)
  })

  it('leads a session of its own, outside of which nothing is its parent', async () => {
    const sandbox = await running()
    const [pid, stat = ''] = (await outputOf(sandbox, 'echo $$; cat /proc/$$/stat')).split('\n')
    const [parent, group, session] = stat.split(/\) . /)[1]?.split(' ') ?? []
    expect({ parent, group, session }).toEqual({ parent: '0', group: pid, session: pid })
    await end(sandbox)
  })

  it('can run as a user, whoever the program runs as, and open its output again', async () => {
    const sandbox = await running(':', { user: { uid: 5, gid: 5 } })
    const command = 'id -u; id -G; grep -E "Cap(Prm|Bnd)" /proc/self/status; echo x >/dev/stdout'
    const user = { uid: 1000, gid: 1001, groups: [7] }
    const process = await sandbox.exec({ ...programOf(command), user })
    const none = '0000000000000000'
    expect((await finishProcess(process)).output).toBe(
      `1000\n1001 7\nCapPrm:\t${none}\nCapBnd:\t${none}\nx\n`,
    )
    expect(await outputOf(sandbox, 'id -u')).toBe('0\n')
    await end(sandbox)
  })

  it('is killed alone, and leaves what it started to the sandbox', async () => {
    const sandbox = await running()
    const process = await execIn(sandbox, 'sleep 2000 & echo up; exec sleep 3000')
    await outputWith(process, 'up')
    process.kill()
    expect(await process.exit).toEqual({ code: null, signal: 9 })
    expect(await outputOf(sandbox, 'pidof sleep | wc -w')).toBe('2\n')
    process.kill()
    await end(sandbox)
  })

  it('ends with the sandbox, whose own end comes after', async () => {
    const order: string[] = []
    const sandbox = await running()
    const processes = await Promise.all(
      ['trap "" TERM HUP; sleep 1000', 'exec sleep 1000'].map((command) =>
        execIn(sandbox, command),
      ),
    )
    const ends = processes.map((process) =>
      process.exit.then((exit) => {
        order.push('process')
        expect(exit).toEqual({ code: null, signal: 9 })
      }),
    )
    void sandbox.exit.then(() => order.push('sandbox'))
    await end(sandbox)
    await Promise.all(ends)
    expect(order).toEqual(['process', 'process', 'sandbox'])
  })

  it('does not end the sandbox, nor change how it ended', async () => {
    const sandbox = await sandboxes.stage.start(
      await sandboxes.specOf('until [ -e /go ]; do sleep 0.01; done; exit 3'),
    )
    expect((await finishProcess(await execIn(sandbox, 'exit 9'))).exit.code).toBe(9)
    await execIn(sandbox, 'touch /go')
    expect((await finish(sandbox)).exit).toMatchObject({ code: 3, signal: null })
  })
})

describeSandboxes('a program that can not be run in a sandbox', () => {
  it('is named, with what is wrong', async () => {
    const sandbox = await running()
    const refusal = async (changes: object): Promise<unknown> =>
      sandbox
        .exec({ ...programOf('true'), ...changes })
        .catch((error: unknown) => (error as Error).message)
    expect(await refusal({ argv: ['/bin/nothing'] })).toBe('execve on /bin/nothing: ENOENT')
    expect(await refusal({ cwd: '/not/there' })).toBe('chdir on /not/there: ENOENT')
    expect(await refusal({ argv: ['sh'] })).toBe('argv[0] "sh" is not absolute')
    expect(await refusal({ cwd: '/a/../b' })).toContain('".."')
    expect(await refusal({ user: { uid: 70_000, gid: 0 } })).toBe(
      'use on user id 70000 of a stage with ids 0 to 65535: EINVAL',
    )
    expect(await outputOf(sandbox, 'echo still here')).toBe('still here\n')
    await end(sandbox)
  })

  it('gets no way out by a descriptor of the launcher', async () => {
    const sandbox = await running('ln -s /proc/self/fd /fds')
    for (let fd = 0; fd < 40; fd++) {
      for (const directory of ['/proc/self/fd', '/proc/thread-self/fd', '/fds']) {
        const path = `${directory}/${fd}`
        const entering = sandbox.exec({ ...programOf('true'), cwd: path })
        await expect(entering).rejects.toThrow(/chdir on .*: (ENOENT|ENOTDIR)/)
        const executing = sandbox.exec({ ...programOf('true'), argv: [path] })
        await expect(executing).rejects.toThrow(/execve on .*: (ENOENT|EACCES)/)
      }
    }
    await end(sandbox)
  })

  it('is one too many when 32 run', async () => {
    const sandbox = await running()
    const all = await Promise.all(Array.from({ length: 32 }, () => execIn(sandbox, 'sleep 1000')))
    await expect(execIn(sandbox, 'true')).rejects.toMatchObject({
      code: 'EAGAIN',
      message: 'exec on sandbox with 32 execs: EAGAIN',
    })
    all[0]?.kill()
    await all[0]?.exit
    expect(await outputOf(sandbox, 'echo room')).toBe('room\n')
    await end(sandbox)
    expect(await Promise.all(all.map((process) => process.exit))).toHaveLength(32)
  })

  it('has no sandbox any more, which the error says', async () => {
    const sandbox = await running()
    await end(sandbox)
    await expect(execIn(sandbox, 'true')).rejects.toMatchObject({
      name: 'NativeError',
      code: 'SP_NATIVE_ENDED',
    })
  })
})

function programOf(command: string): { argv: string[]; env: Record<string, string>; cwd: string } {
  return { argv: ['/bin/sh', '-c', command], env: { PATH: '/bin' }, cwd: '/' }
}
