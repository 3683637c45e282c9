import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { chmod, chown, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describeSandboxes, makeTestSandboxes, type TestSandboxes } from './testing/sandboxes.js'
import { itOnHost } from './testing/this-host.js'

let sandboxes: TestSandboxes
beforeAll(async () => {
  sandboxes = await makeTestSandboxes()
})
afterAll(() => sandboxes.close())

const USER = { uid: 1000, gid: 1001, groups: [5, 65_535] }
/** Lines of /proc/self/status about privileges. */
const STATUS = 'grep -E "^(Uid|Gid|Groups|Cap...|NoNewPrivs|Seccomp):" /proc/self/status'

describeSandboxes('a program that runs as a user', () => {
  it('has the ids of the user and no privilege of any kind', async () => {
    const { output } = await sandboxes.run(STATUS, { user: USER })
    const none = '0000000000000000'
    expect(output.split('\n')).toEqual([
      'Uid:\t1000\t1000\t1000\t1000',
      'Gid:\t1001\t1001\t1001\t1001',
      'Groups:\t5 65535 ',
      ...['Inh', 'Prm', 'Eff', 'Bnd', 'Amb'].map((set) => `Cap${set}:\t${none}`),
      'NoNewPrivs:\t1',
      'Seccomp:\t2',
      '',
    ])
  })

  it('keeps the capabilities of root when it is root in other groups', async () => {
    const { output } = await sandboxes.run(STATUS, { user: { uid: 0, gid: 7, groups: [8] } })
    expect(output).toContain('Uid:\t0\t0\t0\t0\nGid:\t7\t7\t7\t7\nGroups:\t8 \n')
    expect(output).toMatch(/CapPrm:\t00000000800405fb\nCapEff:\t00000000800405fb/)
  })

  it('can not do what root can', async () => {
    const { output } = await sandboxes.run(
      'echo x >/etc/passwd; chown 0 /tmp; mkdir /top; attempt chroot ptrace-init init-exe; touch /tmp/mine; stat -c %u:%g /tmp/mine',
      { user: USER },
    )
    expect(output).toMatch(/passwd: Permission denied/)
    expect(output).toMatch(/\/tmp: Operation not permitted/)
    expect(output).toMatch(/'\/top': Permission denied/)
    expect(output).toMatch(/chroot EPERM\nptrace-init EPERM\ninit-exe EACCES\n1000:1001\n$/)
  })

  it('can open its output again by every name', async () => {
    const names = ['/dev/stdout', '/dev/stderr', '/proc/self/fd/1', '/dev/fd/2']
    const command = names.map((name) => `echo ${name} >${name}`).join('; ')
    const { output } = await sandboxes.run(command, { user: USER })
    expect(output).toBe(names.map((name) => `${name}\n`).join(''))
  })

  it('has its two outputs apart where that is asked for, also when it opens them again', async () => {
    const command = 'echo a; echo b >&2; echo c >/dev/stdout; echo d >/dev/stderr'
    const spec = await sandboxes.specOf(command, { user: USER, separateErrors: true })
    const sandbox = await sandboxes.stage.start(spec)
    const [output, errors] = await Promise.all([text(sandbox.output), text(sandbox.errors!)])
    expect({ output, errors }).toEqual({ output: 'a\nc\n', errors: 'b\nd\n' })
    expect(await sandbox.exit).toMatchObject({ code: 0 })
  })

  it('can listen on low ports, in a network of its own too', async () => {
    const command = `(echo served | nc -l -p 80) & until grep -q ":0050 .* 0A " /proc/net/tcp*; do :; done
      nc -w 2 127.0.0.1 80`
    for (const network of [{}, { network: 'none' as const }]) {
      expect((await sandboxes.run(command, { user: USER, ...network })).output).toBe('served\n')
    }
  })

  it('has its environment as it was given', async () => {
    const changes = { user: USER, env: { PATH: '/bin', HOME: '/root' } }
    expect((await sandboxes.run('echo $HOME', changes)).output).toBe('/root\n')
    const without = await sandboxes.run('echo "<$HOME>"', { user: USER })
    expect(without.output).toBe('<>\n')
  })

  it('starts in a directory that it could not enter itself', async () => {
    const { output } = await sandboxes.run('pwd; ls /closed/inner', {
      user: USER,
      ...(await closedTree({ mode: 0o700, uid: 0 })),
    })
    expect(output).toMatch(/^\/closed\/inner\nls: .*Permission denied/)
  })

  itOnHost('starts in a directory that only it can enter', async () => {
    // The owner has an id outside of the stage's, over which root inside has no power either.
    const directory = join(sandboxes.root.directory, 'others')
    await mkdir(directory)
    await chown(directory, 12_345, sandboxes.ids.start + 1001)
    await chmod(directory, 0o750)
    const binds = [{ source: directory, target: '/others', readOnly: true }]
    const entered = await sandboxes.run('pwd', { user: USER, binds, cwd: '/others' })
    expect(entered.output).toBe('/others\n')
    const user = { uid: 1000, gid: 1002 }
    await expect(sandboxes.run('pwd', { user, binds, cwd: '/others' })).rejects.toThrow(
      'chdir on /others: EACCES',
    )
  })

  it('is refused before anything is made when the stage does not have its ids', async () => {
    const refused = [
      [{ uid: 65_536, gid: 0 }, 'user id 65536'],
      [{ uid: 0, gid: 2 ** 32 - 1 }, 'group id 4294967295'],
      [{ uid: 0, gid: 0, groups: [1, 70_000] }, 'group id 70000'],
    ] as const
    for (const [user, id] of refused) {
      await expect(sandboxes.run('true', { user })).rejects.toMatchObject({
        name: 'NativeError',
        code: 'EINVAL',
        message: `use on ${id} of a stage with ids 0 to 65535: EINVAL`,
      })
    }
    expect((await sandboxes.run('id -u', { user: { uid: 65_535, gid: 65_535 } })).output).toBe(
      '65535\n',
    )
  })

  it('can not be traced or looked into by others of the same user in the sandbox', async () => {
    const { output } = await sandboxes.run(
      'su user -c "cat /proc/1/environ /proc/1/maps; ls /proc/1/fd; ls /proc/1/cwd/"',
    )
    expect(output.match(/Permission denied|can't open/g)?.length).toBeGreaterThanOrEqual(3)
  })

  it('ends as any other, also when it is asked to', async () => {
    const sandbox = await sandboxes.stage.start(
      await sandboxes.specOf('trap "exit 3" TERM; echo up; while :; do sleep 0.05; done', {
        user: USER,
      }),
    )
    sandbox.output.once('data', () => sandbox.terminate())
    expect((await sandbox.exit).code).toBe(3)
  })
})

/** A root with the directory /closed/inner, and that as the one to start in. */
async function closedTree(closed: { mode: number; uid: number }): Promise<object> {
  const layer = join(sandboxes.root.directory, `closed-${closed.mode}`)
  await mkdir(join(layer, 'closed/inner'), { recursive: true })
  await chown(join(layer, 'closed'), closed.uid, closed.uid)
  await chmod(join(layer, 'closed'), closed.mode)
  const lowers = [{ path: layer }, { path: sandboxes.root.lower }]
  return { root: { lowers, ...(await sandboxes.root.makeWritable()) }, cwd: '/closed/inner' }
}
