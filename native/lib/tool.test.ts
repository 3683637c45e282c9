import { readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { readCgroupLayout } from './cgroup/layout.js'
import {
  describeSandboxes,
  finish,
  finishProcess,
  makeTestSandboxes,
  outputWith,
  type TestSandboxes,
} from './testing/sandboxes.js'
import { itLimited } from './testing/this-host.js'
import type { Stage, ToolSpec } from './types.js'

let sandboxes: TestSandboxes
beforeAll(async () => {
  sandboxes = await makeTestSandboxes()
})
afterAll(() => sandboxes.close())

const IN_STAGE = { networks: [''], runsIn: 'network' } as const

async function run(
  command: string,
  more: Partial<ToolSpec> = {},
  stage: Stage = sandboxes.stage,
): Promise<{ readonly output: string; readonly code: number | null }> {
  const spec = { argv: ['sh', '-c', command], ...IN_STAGE, ...more }
  const { output, exit } = await finishProcess(await stage.runTool(spec))
  return { output, code: exit.code }
}

/** Text of /proc/PID/stat's state, or null when there is no such process, or only what is left to reap. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '')
  return stat !== '' && !/\) [ZX] /.test(stat)
}

async function untilGone(pid: number): Promise<void> {
  while (await isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 5))
}

describeSandboxes('a tool of a stage', () => {
  it('reads its input, and tells its output and how it ended', async () => {
    const { output, code } = await run('cat; echo error >&2; exit 3', { input: 'one\ntwo\n' })
    expect({ output, code }).toEqual({ output: 'one\ntwo\nerror\n', code: 3 })
    expect((await run('kill -9 $$')).code).toBe(137)
  })

  itLimited('has limits of its own, in cgroups that go with it', async () => {
    const hog = 'head -c 60000000 /dev/zero | tail -c 60000000 >/dev/null; echo "ended with $?"'
    const limits = { memoryBytes: 2 ** 24, pids: 10 }
    expect((await run(hog)).output).toBe('ended with 0\n')
    // With cgroups of version 2 the shell is killed along with it.
    expect(['', 'ended with 137\n']).toContain((await run(hog, { limits })).output.slice(-15))
    const { output } = await run('cat /proc/self/cgroup', { limits })
    expect(output).toMatch(new RegExp(`/${sandboxes.cgroupParent}/t\\d+\n`))
    const { hierarchies } = await readCgroupLayout()
    const places = hierarchies.map(({ mountPoint }) => join(mountPoint, sandboxes.cgroupParent))
    const names = (await Promise.all(places.map((place) => readdir(place)))).flat()
    expect(names.filter((name) => /^t\d+$/.test(name))).toEqual([])
  })

  it('that is not there says so', async () => {
    for (const argv of [['sandpiper-nothing'], ['/sandpiper/nothing']]) {
      expect(await run('', { argv })).toEqual({
        output: `execve on ${argv[0]!}: errno 2\n`,
        code: 127,
      })
    }
    const unknown = sandboxes.stage.runTool({ argv: ['true'], networks: ['x'], runsIn: 'host' })
    await expect(unknown).rejects.toThrow('find on network of the stage: ENOENT')
  })

  it('has the rights of the root of its stage, and no others', async () => {
    const { output } = await run(
      `id -u; cut -d' ' -f-30 /proc/self/uid_map | tr -s ' '; grep CapEff /proc/self/status
       cat /etc/shadow > /dev/null || echo no; mknod /tmp/sandpiper-null c 1 3 || echo no
       ip link set lo up && echo up`,
    )
    const { start, count } = sandboxes.ids
    expect(output).toMatch(new RegExp(`^0\\n 0 ${start} ${count}\\nCapEff:\\s[0-9a-f]+\\n`))
    expect(output).toMatch(/shadow: Permission denied\nno\n[^]*not permitted\nno\nup\n$/)
  })

  it('runs in the network that it is to be in, and has those that it asks for', async () => {
    await sandboxes.stage.addNetwork('db')
    const networkOf = async (name: string | null): Promise<string> => {
      const network = name === null ? {} : { network: { name } }
      return (await sandboxes.run('readlink /proc/self/ns/net', network)).output
    }
    const inStage = await networkOf(null)
    const inDb = await networkOf('db')
    const show = 'readlink /proc/self/ns/net; readlink /proc/self/fd/3; readlink /proc/self/fd/4'
    const both = { networks: ['db', ''] }
    expect((await run(show, both)).output).toBe(`${inDb}${inDb}${inStage}`)
    expect((await run(show, { ...both, runsIn: 'host' })).output).toBe(
      `${await readlink('/proc/self/ns/net')}\n${inDb}${inStage}`,
    )
    expect(inDb).not.toBe(inStage)
    await expect(sandboxes.stage.addNetwork('db')).rejects.toMatchObject({ code: 'EEXIST' })
  })

  it('has nothing of the launcher: no descriptor, no variable, no blocked signal', async () => {
    const { output } = await run(
      'ls /proc/self/fd; env | cut -d= -f1; grep SigBlk /proc/self/status',
    )
    expect(output).toMatch(/^0\n1\n2\n3\n\d+\n(LC_ALL|PATH|PWD|_|\n)+SigBlk:\s0+\n$/)
  })

  it('ends with all that it has started when it is killed', async () => {
    const tool = await sandboxes.stage.runTool({
      argv: ['sh', '-c', 'setsid sleep 1000 & sleep 1000 & echo ready; wait'],
      ...IN_STAGE,
    })
    await outputWith(tool, 'ready')
    tool.kill()
    expect(await tool.exit).toEqual({ code: null, signal: 9 })
  })

  it('ends with its stage', async () => {
    const stage = await sandboxes.makeStage()
    const tool = await stage.runTool({ argv: ['sleep', '1000'], ...IN_STAGE })
    await stage.destroy()
    expect(await tool.exit).toEqual({ code: null, signal: 9 })
  })

  it('ends with a launcher that is killed, whatever ids it has taken', async () => {
    const own = await makeTestSandboxes()
    const script = `setpriv --reuid 7 --clear-groups sh -c 'read p r < /proc/self/stat; echo $p; exec sleep 1000'`
    const tool = await own.stage.runTool({ argv: ['sh', '-c', script], ...IN_STAGE })
    const pid = Number(/^(\d+)\n/.exec(await outputWith(tool, '\n'))![1])
    // The number that it has on the host, by the file system that shows those.
    expect(await isAlive(pid)).toBe(true)
    process.kill(own.launcher.pid, 'SIGKILL')
    await expect(tool.exit).rejects.toMatchObject({ code: 'SP_NATIVE_LAUNCHER_GONE' })
    await untilGone(pid)
    await own.close()
  })
})

describeSandboxes('a network of a stage', () => {
  it('is not that of the stage: nothing in the one reaches what listens in the other', async () => {
    await sandboxes.stage.addNetwork('web')
    const serving = await sandboxes.stage.start(
      await sandboxes.specOf('echo ready; echo served | nc -l -p 4102', {
        network: { name: 'web' },
      }),
    )
    await outputWith(serving, 'ready')
    const command = 'nc -w 2 127.0.0.1 4102; echo $?'
    expect((await sandboxes.run(command)).output).toMatch(/refused\n1\n$/)
    const until = `until grep -q ":1006 .* 0A " /proc/net/tcp*; do :; done; ${command}`
    const inside = await sandboxes.run(until, { network: { name: 'web' } })
    expect(inside.output).toBe('served\n0\n')
    await finish(serving)
  })

  it('must have been made', async () => {
    const spec = await sandboxes.specOf('true', { network: { name: 'nothing' } })
    await expect(sandboxes.stage.start(spec)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('lets anybody ask for echoes, and listen on low ports', async () => {
    const { output } = await sandboxes.run('cat /proc/sys/net/ipv4/ping_group_range')
    expect(output.trim().split(/\s+/)).toEqual(['0', '65535'])
  })
})

describeSandboxes('a stage without a workspace', () => {
  it('gets one later, once', async () => {
    const stage = await sandboxes.makeStage()
    const spec = await sandboxes.specOf('ls /w; echo new > /w/file', { workspaceTarget: '/w' })
    await expect(stage.start(spec)).rejects.toMatchObject({ code: 'ENOENT' })
    const overlay = {
      lowers: [{ path: `${sandboxes.root.lower}/etc` }],
      ...(await sandboxes.root.makeWritable()),
    }
    await stage.mountWorkspace(overlay)
    await expect(stage.mountWorkspace(overlay)).rejects.toMatchObject({ code: 'EEXIST' })
    const again = await sandboxes.specOf('ls /w; echo new > /w/file', { workspaceTarget: '/w' })
    expect((await finish(await stage.start(again))).output).toBe('passwd\n')
    await stage.destroy()
  })
})
