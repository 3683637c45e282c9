import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { execFile } from 'node:child_process'
import { chmod, copyFile, mkdir, mkdtemp, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  describeSandboxes,
  execIn,
  finish,
  finishProcess,
  makeTestSandboxes,
  outputWith,
  type TestSandboxes,
} from '../testing/sandboxes.js'
import { tamperedLauncher, withoutGuards } from '../testing/tampered.js'
import type { BindMount, SandboxSpec } from '../types.js'
import { isInHostUserNamespace } from '../user-namespace.js'
import type { Guard } from './row.js'

let product: TestSandboxes
let tampered: TestSandboxes
beforeAll(async () => {
  product = await makeTestSandboxes()
  tampered = await makeTestSandboxes(tamperedLauncher())
})
afterAll(async () => {
  await product.close()
  await tampered.close()
})

/** What a sandbox printed, or the error that it did not start with. */
async function outcome(
  sandboxes: TestSandboxes,
  command: string,
  changes: Partial<SandboxSpec>,
): Promise<string> {
  try {
    return (await sandboxes.run(command, changes)).output
  } catch (error) {
    return String(error)
  }
}

/** The root with a layer of links on top: names and where they lead. */
async function linked(
  sandboxes: TestSandboxes,
  links: Readonly<Record<string, string>>,
): Promise<Pick<SandboxSpec, 'root'>> {
  const layer = await mkdtemp(join(sandboxes.root.directory, 'links-'))
  await chmod(layer, 0o755)
  for (const [name, target] of Object.entries(links)) {
    await mkdir(join(layer, name, '..'), { recursive: true })
    await symlink(target, join(layer, name))
  }
  const lowers = [{ path: layer }, { path: sandboxes.root.lower }]
  return { root: { lowers, ...(await sandboxes.root.makeWritable()) } }
}

describeSandboxes(
  'a working directory that is a descriptor of the launcher (CVE-2024-21626)',
  () => {
    async function lookFrom(sandboxes: TestSandboxes, off: readonly Guard[]): Promise<string> {
      let found = ''
      for (let fd = 3; fd < 32; fd++) {
        const changes = { cwd: `/proc/self/fd/${fd}`, ...withoutGuards(off) }
        const look = `/bin/ls -d ${sandboxes.root.directory.slice(1)} 2>/dev/null; true`
        const output = await outcome(sandboxes, look, changes)
        if (!output.includes('Error')) found += output
      }
      return found
    }

    it('is refused', async () => {
      expect(await lookFrom(product, [])).toBe('')
    })

    it('is refused by either guard alone, and would lead to the host’s tree', async () => {
      expect(await lookFrom(tampered, ['close-range'])).toBe('')
      expect(await lookFrom(tampered, ['resolve'])).toBe('')
      expect(await lookFrom(tampered, ['close-range', 'resolve'])).toContain(
        tampered.root.directory.slice(1),
      )
    })
  },
)

describeSandboxes('a mount whose target a layer has made a link', () => {
  const masked =
    'ls -A /sys/firmware /proc/acpi 2>/dev/null | grep -v : | grep -c .; mount | grep -c " /proc "'
  const links = { data: '/proc', 'srv/x': '../../../../../proc', 'run/sandpiper': '/etc' }

  async function bindAt(sandboxes: TestSandboxes, target: string): Promise<readonly BindMount[]> {
    const source = await mkdtemp(join(sandboxes.root.directory, 'bound-'))
    await chmod(source, 0o755)
    await writeFile(join(source, 'mine'), '')
    return [{ source, target, readOnly: false }]
  }

  it.each(['/data', '/srv/x', '/data/self'])('is no way to cover /proc: %s', async (target) => {
    const changes = { ...(await linked(product, links)), binds: await bindAt(product, target) }
    expect(await outcome(product, masked, changes)).toMatch(/mount over a reserved place/)
  })

  it('would cover it if the place were not looked at', async () => {
    const changes = { ...(await linked(tampered, links)), binds: await bindAt(tampered, '/data') }
    const off = withoutGuards(['place-check'])
    expect(await outcome(tampered, 'ls /proc', { ...changes, ...off })).toBe('mine\n')
  })

  it('stays in the root', async () => {
    const outside = { out: '../../../../../../../../tmp', 'abs/deep': product.root.directory }
    const put = async (target: string): Promise<string> => {
      const changes = { ...(await linked(product, outside)), binds: await bindAt(product, target) }
      return outcome(product, `ls ${target}`, changes)
    }
    expect(await put('/out/made')).toBe('mine\n')
    // A link that leads nowhere in the root.
    expect(await put('/abs/deep/made')).toMatch('mkdir on /abs/deep/made: ENOENT')
    expect(await readdir(product.root.directory)).not.toContain('made')
    expect(await readdir('/tmp')).not.toContain('made')
  })
})

// CVE-2025-31133, -52565, -52881: what is mounted over, or written to, is swapped meanwhile.
describeSandboxes('places that another step swaps while a step is set up', () => {
  const swapping = 'mkdir -p /w/a/x; cd /w; ln -s ../../../../proc b; exec attempt swap'

  it('are where nothing of the system is covered, and nothing comes unmasked', async () => {
    const stage = await product.makeStage({
      workspace: { lowers: [{ path: product.root.lower }], ...(await product.root.makeWritable()) },
      volumes: [{ name: 'v', sizeBytes: 2 ** 20 }],
    })
    const specOf = (command: string, changes: Partial<SandboxSpec> = {}): Promise<SandboxSpec> =>
      product.specOf(command, { workspaceTarget: '/w', ...changes })
    const swapper = await stage.start(await specOf(swapping))
    await outputWith(swapper, 'swapping')
    const outcomes = new Set<string>()
    for (let round = 0; round < 60; round++) {
      const volumes = [{ name: 'v', target: '/w/a', readOnly: false }]
      const spec = await specOf(
        `cat /proc/self/status | head -c 5; cat /proc/keys /proc/timer_list | wc -c; ls /sys/firmware | wc -l`,
        round % 2 === 0 ? { volumes } : { cwd: '/w/a/self/root' },
      )
      try {
        outcomes.add((await finish(await stage.start(spec))).output)
      } catch (error) {
        outcomes.add(
          String(error)
            .replace(/^.*?: /, '')
            .split(' on ')[0] ?? '',
        )
      }
    }
    swapper.kill()
    await finish(swapper)
    await stage.destroy()
    expect(outcomes.size).toBeGreaterThan(1)
    const fine = ['Name:0\n0\n', 'mount over a reserved place', 'mkdir', 'openat2', 'chdir']
    expect([...outcomes].filter((one) => !fine.includes(one))).toEqual([])
  })

  it('may be what /dev is: a program that is run then is not held up by a pipe', async () => {
    const layer = await linked(product, { dev: 'root' })
    const sandbox = await product.stage.start(
      await product.specOf(
        'mkdir /other; mkfifo /other/null; rm /dev; ln -s other /dev; echo up; exec sleep 1000',
        layer,
      ),
    )
    await outputWith(sandbox, 'up')
    const ran = await finishProcess(await execIn(sandbox, 'echo ran'))
    expect(ran.output).toBe('ran\n')
    sandbox.kill()
    await finish(sandbox)
  })
})

// Only root of the host can make devices, and set-user-id bits that count.
const describeAsRoot = isInHostUserNamespace() ? describeSandboxes : describe.skip

describeAsRoot('what a layer brings', () => {
  const run = (off: readonly Guard[], command: string, changes: Partial<SandboxSpec>) =>
    outcome(tampered, command, { ...changes, ...withoutGuards(off) })

  it('gives no one the rights of its owner by the set-user-id bit', async () => {
    const layer = await mkdtemp(join(tampered.root.directory, 'setuid-'))
    await chmod(layer, 0o755)
    await copyFile(join(tampered.root.lower, 'bin/attempt'), join(layer, 'other'))
    await chmod(join(layer, 'other'), 0o4755)
    const lowers = [{ path: layer }, { path: tampered.root.lower }]
    const tryWithout = async (...off: Guard[]): Promise<string> => {
      const root = { lowers, ...(await tampered.root.makeWritable()) }
      return run(off, '/other other-user', { user: { uid: 1000, gid: 1000 }, root })
    }
    expect(await tryWithout()).toBe('other-user EPERM\n')
    // A filter without no_new_privs takes a right that is gone by then.
    expect(await tryWithout('seccomp', 'nosuid')).toBe('other-user EPERM\n')
    expect(await tryWithout('seccomp', 'no-new-privs')).toBe('other-user EPERM\n')
    expect(await tryWithout('seccomp', 'no-new-privs', 'nosuid')).toBe('other-user ok\n')
  })

  it('is no device that can be used', async () => {
    const layer = await mkdtemp(join(tampered.root.directory, 'device-'))
    await promisify(execFile)('mknod', ['-m', '666', join(layer, 'zero'), 'c', '1', '5'])
    const lowers = [{ path: layer }, { path: tampered.root.lower }]
    const changes = async (): Promise<Partial<SandboxSpec>> => ({
      root: { lowers, ...(await tampered.root.makeWritable()) },
    })
    const read = 'head -c 3 /zero 2>/dev/null | wc -c'
    expect(await run([], read, await changes())).toBe('0\n')
    expect(await run(['nodev'], read, await changes())).toBe('3\n')
  })
})
