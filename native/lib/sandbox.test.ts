import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { chown, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  describeSandboxes,
  finish,
  makeTestSandboxes,
  outputWith,
  type TestSandboxes,
} from './testing/sandboxes.js'
import { itOnHost } from './testing/this-host.js'
import type { NativeError } from './error.js'

let sandboxes: TestSandboxes
beforeAll(async () => {
  sandboxes = await makeTestSandboxes()
})
afterAll(() => sandboxes.close())

describeSandboxes('a program in a sandbox', () => {
  it('gives its output and exit code', async () => {
    const { output, exit } = await sandboxes.run('echo out; echo err >&2; exit 7')
    expect(output).toBe('out\nerr\n')
    expect(exit).toMatchObject({ code: 7, signal: null, oomKills: 0, pidsRefused: 0 })
    expect(exit.wallMs).toBeGreaterThan(0)
  })

  it('is told to have started, however many others end at that moment', async () => {
    for (let round = 0; round < 10; round++) {
      const runs = Array.from({ length: 30 }, () => sandboxes.run('exit 3'))
      const codes = (await Promise.all(runs)).map(({ exit }) => exit.code)
      expect(new Set(codes)).toEqual(new Set([3]))
    }
  })

  it('tells the signal that ended it', async () => {
    const { exit } = await sandboxes.run('kill -SEGV $$')
    expect(exit).toMatchObject({ code: null, signal: 11 })
  })

  it('has the environment it was given and nothing else', async () => {
    const { output } = await sandboxes.run('env', { env: { A: 'x=y\nz', PATH: '/bin' } })
    expect(
      output
        .split('\n')
        .filter((line) => !/^(SHLVL|PWD)=/.test(line))
        .join('\n'),
    ).toBe('A=x=y\nz\nPATH=/bin\n')
  })

  it('has its arguments as they are, also with newlines and quotes', async () => {
    const argv = ['/bin/sh', '-c', 'printf "%s|" "$@"', 'sh', 'a\nb', `"'`, '', 'ü']
    expect((await sandboxes.run('', { argv })).output).toBe(`a\nb|"'||ü|`)
  })

  it('takes an argument list of a megabyte', async () => {
    const long = Array.from({ length: 10 }, () => 'x'.repeat(100_000))
    const argv = ['/bin/sh', '-c', 'echo $#', 'sh', ...long]
    expect((await sandboxes.run('', { argv })).output).toBe('10\n')
  })

  it('starts in its directory, which is made when it is not there', async () => {
    expect((await sandboxes.run('pwd', { cwd: '/made/for\nthis' })).output).toBe(
      '/made/for\nthis\n',
    )
  })

  it('reads nothing from standard input', async () => {
    expect((await sandboxes.run('cat; echo done')).output).toBe('done\n')
  })

  it('can open /dev/stdout and /dev/stderr again, also as another user', async () => {
    const command = 'echo a >/dev/stdout; echo b >/dev/stderr; su user -c "echo c >/dev/stdout"'
    expect((await sandboxes.run(command)).output).toBe('a\nb\nc\n')
  })

  it('has no descriptor above 2', async () => {
    expect((await sandboxes.run('ls /proc/self/fd')).output).toBe('0\n1\n2\n3\n') // 3 is ls's own.
    const { output } = await sandboxes.run('ls -l /proc/self/fd/0 | sed "s/.*-> //"')
    expect(output).toBe('/dev/null\n')
  })

  it('is the leader of a session of its own with default signal handling', async () => {
    const { output } = await sandboxes.run(
      'cut -d" " -f6 /proc/$$/stat; echo $$; grep Sig /proc/$$/status',
    )
    const [session, pid] = output.split('\n')
    expect(session).toBe(pid)
    expect(output).toMatch(/SigBlk:\t0{16}/)
  })

  it('ends its output when it closes it, and runs on', async () => {
    const sandbox = await sandboxes.stage.start(
      await sandboxes.specOf('echo first; exec >&- 2>&-; sleep 0.2; exit 4'),
    )
    const { output, exit } = await finish(sandbox)
    expect(output).toBe('first\n')
    expect(exit.code).toBe(4)
    expect(exit.wallMs).toBeGreaterThan(150)
  })

  it('has its resource limits, cut to what the runner itself has', async () => {
    const { output } = await sandboxes.run('ulimit -n; ulimit -Hn; ulimit -c', {
      rlimits: [
        { name: 'NOFILE', soft: 64, hard: 128 },
        { name: 'CORE', soft: Infinity, hard: Infinity },
      ],
    })
    const hard = (await readFile('/proc/self/limits', 'utf8')).match(/core file size\s+\S+\s+(\S+)/)
    expect(output).toMatch(/^64\n128\n/)
    expect(hard?.[1]).toBeDefined()
  })

  it('has a hostname, a pid 1 that is not itself and a /dev/shm of the asked size', async () => {
    const { output } = await sandboxes.run(
      'hostname; cat /proc/1/comm; df -k /dev/shm | tail -1 | tr -s " " | cut -d" " -f2',
      { hostname: 'builder-1', shmBytes: 1024 * 1024 },
    )
    expect(output).toMatch(/^builder-1\n.+\n1024\n$/)
  })

  it('can use pseudo terminals', async () => {
    expect((await sandboxes.run('attempt terminal')).output).toBe('terminal ok\n')
  })
})

describeSandboxes('the end of a sandbox', () => {
  it('ends everything that was started in it', async () => {
    const marker = `31415.${process.pid}`
    const { exit, output } = await sandboxes.run(
      `(setsid sh -c "trap '' TERM HUP; sleep ${marker}; :" &)
       until pidof sleep >/dev/null; do :; done
       echo started`,
    )
    expect(exit.code).toBe(0)
    expect(output).toBe('started\n')
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
    const commands = await Promise.all(
      pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
    )
    expect(commands.some((command) => command.includes('node'))).toBe(true)
    expect(commands.filter((command) => command.includes(marker))).toEqual([])
  })

  it('reaps orphans while the program runs', async () => {
    const { output } = await sandboxes.run(
      'for i in 1 2 3 4 5; do (sh -c "sleep 0 &" &); done; sleep 0.3; grep -l "State:.Z" /proc/[0-9]*/status | wc -l',
    )
    expect(output).toBe('0\n')
  })

  it('comes with SIGTERM for all on terminate()', async () => {
    const sandbox = await sandboxes.stage.start(
      await sandboxes.specOf(
        'trap "echo got-term; exit 9" TERM; echo ready; while :; do sleep 0.05; done',
      ),
    )
    await outputWith(sandbox, 'ready')
    const rest = outputWith(sandbox, 'got-term')
    sandbox.terminate()
    await rest
    expect((await sandbox.exit).code).toBe(9)
  })

  it('comes on kill() also when SIGTERM is ignored', async () => {
    const sandbox = await sandboxes.stage.start(
      await sandboxes.specOf('trap "" TERM; echo ready; while :; do sleep 0.05; done'),
    )
    await outputWith(sandbox, 'ready')
    sandbox.terminate()
    sandbox.kill()
    expect(await sandbox.exit).toMatchObject({ code: null, signal: 9 })
  })

  it('comes on kill() also when everything is stopped', async () => {
    const sandbox = await sandboxes.stage.start(await sandboxes.specOf('echo ready; kill -STOP $$'))
    await outputWith(sandbox, 'ready')
    sandbox.kill()
    expect((await sandbox.exit).signal).toBe(9)
  })

  it('does not come because the program signals pid 1', async () => {
    const { exit } = await sandboxes.run('kill -TERM 1; kill -KILL 1; sleep 0.1; exit 5')
    expect(exit.code).toBe(5)
  })
})

describeSandboxes('a start that fails', () => {
  const failure = async (changes: object): Promise<NativeError> => {
    const spec = await sandboxes.specOf('true', changes)
    return sandboxes.stage.start(spec).then(
      () => {
        throw new Error('it started')
      },
      (error: unknown) => error as NativeError,
    )
  }

  it('names the program that is missing', async () => {
    const error = await failure({ argv: ['/bin/nothing'] })
    expect(error).toMatchObject({ name: 'NativeError', code: 'ENOENT', syscall: 'execve' })
    expect(error.message).toBe('execve on /bin/nothing: ENOENT')
  })

  it('names the layer that is missing', async () => {
    const dirs = await sandboxes.root.makeWritable()
    const error = await failure({ root: { lowers: [{ path: '/no/such/layer' }], ...dirs } })
    expect(error.message).toBe('openat2 on /no/such/layer: ENOENT')
  })

  it('names the writable directory that can not be used', async () => {
    const lowers = [{ path: sandboxes.root.lower }]
    const error = await failure({
      root: { lowers, writable: { kind: 'directory', path: '/proc/fs' } },
    })
    expect(error.code).toMatch(/^E[A-Z]+$/)
    expect(error.message).toContain('/proc/fs')
  })

  it('names the source of a bind that is missing', async () => {
    const binds = [{ source: '/no/such/file', target: '/x', readOnly: true }]
    expect((await failure({ binds })).message).toBe('openat2 on /no/such/file: ENOENT')
  })

  it('leaves no cgroup', async () => {
    await failure({ name: 'left-over', argv: ['/bin/nothing'], limits: { pids: 10 } })
    const found = await readdir(`/sys/fs/cgroup/pids/${sandboxes.cgroupParent}`).catch(() => [])
    expect(found).not.toContain('left-over')
  })
})

describeSandboxes('the file system', () => {
  it('can be written and leaves the layer as it was', async () => {
    const { output } = await sandboxes.run(
      'echo changed >/etc/passwd; rm -rf /usr; mkdir /usr; touch /usr/x; ls -A /usr; stat -c %u:%g /etc/passwd',
    )
    expect(output).toBe('x\n0:0\n')
    expect(await readFile(join(sandboxes.root.lower, 'etc/passwd'), 'utf8')).toContain('root:x:0')
    expect(await readdir(join(sandboxes.root.lower, 'usr'))).toEqual([])
  })

  it('is a stack of layers, the first on top', async () => {
    const names = Array.from({ length: 8 }, (_, index) =>
      join(sandboxes.root.directory, `layer-${index}`),
    )
    for (const [index, path] of names.entries()) {
      await mkdir(path)
      await writeFile(join(path, 'top'), `${index}`)
      await writeFile(join(path, `only-${index}`), '')
    }
    const lowers = [...names, sandboxes.root.lower].map((path) => ({ path }))
    const { output } = await sandboxes.run('cat /top; ls -d /only-* | wc -l', {
      root: { lowers, ...(await sandboxes.root.makeWritable()) },
    })
    expect(output).toBe('08\n')
  })

  it('can have more layers than one option string holds', async () => {
    const names = Array.from({ length: 150 }, (_, index) =>
      join(sandboxes.root.directory, `deep-${index}`),
    )
    await Promise.all(names.map((path) => mkdir(path)))
    await writeFile(join(names[149]!, 'bottom'), 'found')
    const lowers = [sandboxes.root.lower, ...names].map((path) => ({ path }))
    const { output } = await sandboxes.run('cat /bottom', {
      root: { lowers, ...(await sandboxes.root.makeWritable()) },
    })
    expect(output).toBe('found')
  })

  itOnHost(
    'shows a tree of an ordinary user as owned by root, and writes are its own',
    async () => {
      const tree = join(sandboxes.root.directory, 'of-user')
      await mkdir(join(tree, 'src'), { recursive: true })
      await writeFile(join(tree, 'src/file'), 'text')
      await writeFile(join(tree, 'of-root'), '')
      for (const path of [tree, join(tree, 'src'), join(tree, 'src/file')])
        await chown(path, 4321, 8765)
      const lowers = [{ path: tree, owner: 4321 }, { path: sandboxes.root.lower }]
      const { output } = await sandboxes.run(
        'stat -c "%n %u %g" /src /src/file /of-root; echo more >>/src/file; cat /src/file',
        { root: { lowers, ...(await sandboxes.root.makeWritable()) } },
      )
      expect(output).toBe('/src 0 0\n/src/file 0 0\n/of-root 4321 8765\ntextmore\n')
      expect((await stat(join(tree, 'src/file'))).uid).toBe(4321)
    },
  )

  itOnHost(
    'shows binds where they are asked for, made when not there, read-only where asked',
    async () => {
      const file = join(sandboxes.root.directory, 'bind\nsource')
      await writeFile(file, 'bound')
      const { output } = await sandboxes.run(
        'cat /deep/er/file; echo x >/deep/er/file; cat /again; echo y >/again',
        {
          binds: [
            { source: file, target: '/deep/er/file', readOnly: true },
            { source: file, target: '/again', readOnly: false, idMapped: true },
          ],
        },
      )
      expect(output).toMatch(/^bound.*Read-only file system\nbound$/s)
      expect(await readFile(file, 'utf8')).toBe('y\n')
    },
  )

  it('never follows a link of the image out of the root when it makes a bind target', async () => {
    const layer = join(sandboxes.root.directory, 'links')
    await mkdir(join(layer, 'etc'), { recursive: true })
    await symlink(`../../../../../../../..${sandboxes.root.directory}`, join(layer, 'out'))
    await symlink('/nowhere/at/all', join(layer, 'etc/resolv.conf'))
    const source = join(sandboxes.root.directory, 'plain')
    await writeFile(source, 'plain')
    const root = async () => ({
      lowers: [{ path: layer }, { path: sandboxes.root.lower }],
      ...(await sandboxes.root.makeWritable()),
    })
    const dangling = [{ source, target: '/etc/resolv.conf', readOnly: true }]
    const { output } = await sandboxes.run('cat /etc/resolv.conf', {
      root: await root(),
      binds: dangling,
    })
    expect(output).toBe('plain')
    const outward = [{ source, target: '/out/escaped', readOnly: true }]
    await expect(sandboxes.run('true', { root: await root(), binds: outward })).rejects.toThrow(
      'mkdir on /out/escaped: ENOENT',
    )
    expect(await readdir(sandboxes.root.directory)).not.toContain('escaped')
  })

  it('is shared by the sandboxes of a stage in the workspace, and not by another stage', async () => {
    const base = join(sandboxes.root.directory, 'workspace')
    await mkdir(base)
    await writeFile(join(base, 'readme'), 'hello')
    const ids = { start: 900_000_000, count: 65_536 }
    const make = async (start: number) =>
      sandboxes.launcher.createStage({
        ids: { ...ids, start },
        workspace: { lowers: [{ path: base }], ...(await sandboxes.root.makeWritable()) },
      })
    const [one, two] = [await make(ids.start), await make(ids.start + ids.count)]
    const run = async (stage: typeof one, command: string) =>
      finish(
        await stage.start(
          await sandboxes.specOf(command, {
            workspaceTarget: '/workspace/src',
            cwd: '/workspace/src',
          }),
        ),
      )
    await run(one, 'echo built >artifact')
    expect((await run(one, 'cat artifact readme')).output).toBe('built\nhello')
    expect((await run(two, 'ls; cat artifact')).output).toMatch(/^readme\ncat: can't open/)
    expect(await readdir(base)).toEqual(['readme'])
    await one.destroy()
    await two.destroy()
  })
})
