import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { chmod, mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises'
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
import type { SandboxSpec } from './types.js'

const FILE = '/run/sandpiper/output'
const KIB = 1024
const LAYER = { kind: 'memory', sizeBytes: 4 * KIB * KIB } as const

let sandboxes: TestSandboxes
beforeAll(async () => {
  sandboxes = await makeTestSandboxes()
})
afterAll(() => sandboxes.close())

/** What a shell command printed and left in its output file. */
async function run(
  command: string,
  changes: Partial<SandboxSpec> = {},
): Promise<{ readonly output: string; readonly content: Buffer }> {
  const asked = { outputFile: FILE, env: { PATH: '/bin', F: FILE }, ...changes }
  const { output, exit } = await sandboxes.run(command, asked)
  return { output, content: contentOf(exit.outputFile) }
}

function contentOf(outputFile: unknown): Buffer {
  if (!Buffer.isBuffer(outputFile)) throw new Error(`no content: ${String(outputFile)}`)
  return outputFile
}

/** The root with a layer on top that has links, and files with the text "mine". */
async function layered(
  links: Readonly<Record<string, string>>,
  files: readonly string[] = [],
): Promise<Pick<SandboxSpec, 'root'>> {
  const layer = await mkdtemp(join(sandboxes.root.directory, 'layer-'))
  await chmod(layer, 0o755)
  for (const name of [...Object.keys(links), ...files]) {
    await mkdir(join(layer, name, '..'), { recursive: true })
  }
  for (const [name, target] of Object.entries(links)) await symlink(target, join(layer, name))
  for (const name of files) await writeFile(join(layer, name), 'mine')
  const lowers = [{ path: layer }, { path: sandboxes.root.lower }]
  return { root: { lowers, ...(await sandboxes.root.makeWritable()) } }
}

describeSandboxes('the output file', () => {
  it('is there, empty and for everybody, and is told as it was written', async () => {
    const { output, content } = await run(
      `stat -c "%u:%g %a %s" $F; printf "a=b\\n\\000\\377\\303(" >$F; grep " $F " /proc/self/mountinfo`,
    )
    expect(output).toMatch(/^0:0 666 0\n.* rw,nosuid,nodev,noexec(,relatime)? - tmpfs .*\n$/)
    expect([...content]).toEqual([...Buffer.from('a=b\n'), 0, 0xff, 0xc3, 0x28])
  })

  it('is none where none was asked for, and empty when nothing was written', async () => {
    const { exit } = await sandboxes.run('ls /run/sandpiper')
    expect(exit.outputFile).toBeNull()
    expect((await run('true')).content).toHaveLength(0)
  })

  it('is told up to one byte above 64 KiB, however large it says it is', async () => {
    const most = await run('head -c 65536 /dev/zero | tr "\\000" x >$F')
    expect(most.content.equals(Buffer.alloc(64 * KIB, 'x'))).toBe(true)
    const more = await run('head -c 65537 /dev/zero >$F')
    expect(more.content).toHaveLength(64 * KIB + 1)
    const sparse = await run('echo begin >$F; truncate -s 100G $F; chmod 0 $F')
    expect(sparse.content).toHaveLength(64 * KIB + 1)
    expect(sparse.content.toString('utf8', 0, 7)).toBe('begin\n\0')
  })

  it('takes 1 MiB and no more, whoever writes and however, and nothing of another one', async () => {
    const full = await sandboxes.stage.start(
      await sandboxes.specOf(
        `head -c 2000000 /dev/zero >${FILE}; fallocate -l 1048577 ${FILE}
         stat -c %s ${FILE}; echo filled; sleep 1000`,
        { outputFile: FILE },
      ),
    )
    const filled = await outputWith(full, 'filled')
    expect(filled).toMatch(/I\/O error\n.*fallocate.*No space left on device\n1048576\nfilled\n$/s)
    const { output, content } = await run(
      'fallocate -l 1048577 $F; fallocate -l 1048576 $F; df -k $F | tail -1; echo x >$F',
      { user: { uid: 1000, gid: 1000 } },
    )
    expect(output).toMatch(/^.*No space left on device\n\S+ +1024 +1024 +0 /)
    expect(content.toString()).toBe('x\n')
    full.kill()
    expect(contentOf((await full.exit).outputFile)).toHaveLength(64 * KIB + 1)
  })

  it('is never another one, and has none beside it', async () => {
    const { output, content } = await run(
      `echo kept >$F; echo evil >/tmp/evil
       tries() {
         rm -f $F; mv $F /tmp/away; mv /tmp/evil $F; ln -sf /etc/passwd $F; mkfifo $F.pipe
         mount -t tmpfs none $F; mount --bind /tmp/evil $F; umount $F; mount -o remount,rw /run/sandpiper
         touch /run/sandpiper/beside; mv /run/sandpiper /run/away; umount -l /run/sandpiper
       }
       tries 2>&1 | wc -l; ls /run/sandpiper; mv /run /away; mkdir -p /run/sandpiper; echo evil >$F`,
    )
    expect(output).toBe('12\noutput\n')
    expect(content.toString()).toBe('kept\n')
  })

  it('is told of a program that was killed, and of a sandbox that was', async () => {
    const killed = await run('echo written >$F; kill -9 $$')
    expect(killed.content.toString()).toBe('written\n')
    const sandbox = await sandboxes.stage.start(
      await sandboxes.specOf(`while :; do echo line; done >${FILE} & echo up; wait`, {
        outputFile: FILE,
      }),
    )
    await outputWith(sandbox, 'up')
    await finishProcess(await execIn(sandbox, `until [ -s ${FILE} ]; do :; done`))
    sandbox.kill()
    expect(contentOf((await sandbox.exit).outputFile).toString()).toMatch(/^line\n/)
  })

  it('is one of its own in each sandbox that was prepared ahead', async () => {
    const stage = await sandboxes.makeStage()
    const specOf = async (command: string, changes: Partial<SandboxSpec> = {}) =>
      sandboxes.specOf(command, {
        root: { lowers: [{ path: sandboxes.root.lower }], writable: LAYER },
        outputFile: FILE,
        ...changes,
      })
    await stage.prepare(await specOf('true'), 2)
    for (const name of ['one', 'two', 'three']) {
      const started = await stage.start(await specOf(`cat ${FILE}; echo ${name} >>${FILE}`))
      const { output, exit } = await finish(started)
      expect(output).toBe('')
      expect(contentOf(exit.outputFile).toString()).toBe(`${name}\n`)
    }
    const other = '/run/sandpiper/other'
    const spec = await specOf(`ls /run/sandpiper; echo x >${other}`, { outputFile: other })
    const { output, exit } = await finish(await stage.start(spec))
    expect(output).toBe('other\n')
    expect(contentOf(exit.outputFile).toString()).toBe('x\n')
    await stage.destroy()
  })

  it('is the same for whoever else runs in the sandbox', async () => {
    const spec = await sandboxes.specOf('echo first >$F; echo up; sleep 1000', {
      outputFile: FILE,
      env: { PATH: '/bin', F: FILE },
      user: { uid: 1000, gid: 1000 },
    })
    const sandbox = await sandboxes.stage.start(spec)
    await outputWith(sandbox, 'up')
    await finishProcess(await execIn(sandbox, `echo second >>${FILE}`))
    sandbox.kill()
    expect(contentOf((await sandbox.exit).outputFile).toString()).toBe('first\nsecond\n')
  })

  it('lies beside binds, which stay read-only', async () => {
    const source = join(sandboxes.root.directory, 'script')
    await writeFile(source, 'text', { mode: 0o644 })
    const binds = [{ source, target: '/run/sandpiper/script', readOnly: true }]
    const { output, content } = await run(
      'cat /run/sandpiper/script >$F; ls /run/sandpiper; touch /run/sandpiper/script',
      { binds },
    )
    expect(output).toMatch(/^output\nscript\ntouch: .*Read-only file system\n$/)
    expect(content.toString()).toBe('text')
  })

  it.each([
    ['/run is a link', { run: 'tmp' }, []],
    ['/run is a link out of the root', { run: '../../../../tmp' }, []],
    ['/run/sandpiper is a link', { 'run/sandpiper': '/etc' }, []],
    ['it is a link', { [FILE.slice(1)]: '/etc/passwd' }, []],
    ['there is such a file', {}, [FILE.slice(1)]],
  ])('is itself where in the image %s', async (_, links, files) => {
    const { output, content } = await run('cat $F; echo written >$F', await layered(links, files))
    expect(output).toBe('')
    expect(content.toString()).toBe('written\n')
  })

  it('can not be where the image has a file for a directory', async () => {
    const started = run('true', await layered({}, ['run']))
    await expect(started).rejects.toThrow('openat2 on /run/sandpiper: ENOTDIR')
  })

  it('is open nowhere in the sandbox', async () => {
    const look =
      'for p in /proc/[0-9]*; do ls -l $p/fd 2>/dev/null; done | grep -c sandpiper; attempt leaked-descriptors'
    const sandbox = await sandboxes.stage.start(
      await sandboxes.specOf(`${look}; echo up; sleep 1000`, { outputFile: FILE }),
    )
    expect(await outputWith(sandbox, 'up')).toBe('0\nleaked-descriptors EBADF\nup\n')
    const { output } = await finishProcess(await execIn(sandbox, look))
    expect(output).toBe('0\nleaked-descriptors EBADF\n')
    sandbox.kill()
    await finish(sandbox)
  })

  // Nobody waits for the program when the file is opened: it is open before there is a program.
  it('can not be kept from being read by a lease', async () => {
    const other = '/dev/shm/other'
    const { output, content } = await run(
      `echo x >$F; touch ${other}; attempt lease:${other} lease:$F`,
    )
    expect(output).toBe(`lease:${other} ok\nlease:${FILE} EAGAIN\n`)
    expect(content.toString()).toBe('x\n')
  })
})
