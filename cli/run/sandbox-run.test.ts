import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'

/** `sandpiper sandbox run` as a process, in real sandboxes. */
const withSandbox = process.env['SANDPIPER_TEST_SANDBOX'] === '0' ? describe.skip : describe
const program = path.resolve(__dirname, '../../bin/sandpiper')
let dir: string

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'sp-test-sandbox-run-'))
})

afterAll(() => rm(dir, { recursive: true, force: true }))

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

async function sandpiper(
  args: readonly string[],
  onOutput: (stdout: string, interrupt: () => void) => void = () => undefined,
): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...args], {
    env: { PATH: process.env['PATH'] ?? '', SANDPIPER_DATA: path.join(dir, 'data') },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (data: Buffer) => {
    stdout += data.toString()
    onOutput(stdout, () => child.kill('SIGINT'))
  })
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

const run = (...args: readonly string[]): Promise<Ended> =>
  sandpiper(['sandbox', 'run', '--image', 'busybox', ...args])

const shell = (command: string, ...options: readonly string[]): Promise<Ended> =>
  run(...options, '--', 'sh', '-c', command)

describe('sandpiper sandbox run', () => {
  it('asks for an image or the host, and names what is wrong with an option', async () => {
    const none = await sandpiper(['sandbox', 'run', '--', 'true'])
    expect(none).toMatchObject({ code: 2, stdout: '' })
    expect(none.stderr).toContain('give --image NAME or --host')
    expect(none.stderr).toContain('sandpiper image import busybox --busybox')
    for (const [option, value, problem] of [
      ['--memory', 'much', 'must be a size'],
      ['--memory', '1k', 'must be a size from 1m to 8191t'],
      ['--disk', '0', 'must be a size from 1m to 15t'],
      ['--open-files', '1', 'must be a whole number from 16 to 1048576'],
      ['--cpus', '0', 'must'],
      ['--pids', '3', 'must be a whole number from 4 to 4194304'],
      ['--timeout', '30', 'must be a time with its unit'],
      ['--network', 'host', 'must be none'],
      ['--env', 'NAME', 'must be NAME=VALUE'],
      ['--mount', 'here', 'must be SOURCE:TARGET'],
    ] as const) {
      const { code, stderr } = await run(`${option}=${value}`, '--', 'true')
      expect(stderr).toContain(`${option} ${value}: ${problem}`)
      expect(code).toBe(2)
    }
  }, 60_000)
})

withSandbox('sandpiper sandbox run', () => {
  beforeAll(async () => {
    const { code, stderr } = await sandpiper(['image', 'import', 'busybox', '--busybox'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  it('streams what the command prints, ends with its exit code, and leaves nothing', async () => {
    const { code, stdout, stderr } = await shell('echo out; echo err >&2; touch /made; exit 7')
    expect({ code, stdout, stderr }).toEqual({ code: 7, stdout: 'out\nerr\n', stderr: '' })
    expect((await shell('ls /made')).code).toBe(1)
    expect(await readdir(path.join(dir, 'data/exec/0/runner/stages'))).toEqual([])
  })

  it('lists the images when none is named', async () => {
    const { code, stderr } = await sandpiper(['sandbox', 'run', '--', 'true'])
    expect(code).toBe(2)
    expect(stderr).toMatch(/hint: images here: .*busybox/)
  })

  it('runs on the tools of the host, which it can’t write to', async () => {
    const { code, stdout } = await sandpiper([
      ...['sandbox', 'run', '--host', '--', 'sh', '-c'],
      'id -u; touch /usr/made 2>/dev/null || echo refused',
    ])
    expect({ code, stdout }).toEqual({ code: 0, stdout: '0\nrefused\n' })
  })

  it('gives it the variables, directory, user and mounts of its options, and an empty stdin', async () => {
    await mkdir(path.join(dir, 'shown'))
    await writeFile(path.join(dir, 'shown/file'), 'of the host\n', { mode: 0o644 })
    const { stdout } = await shell(
      'cat; echo "$A $B"; pwd; id -u; id -g; cat /shown/file; touch /shown/x 2>&1',
      ...['--env', 'A=1', '--env', 'B=x=y', '--workdir', '/srv/w', '--user', '12:34'],
      ...['--mount', `${path.join(dir, 'shown')}:/shown:ro`],
    )
    const readOnly = 'touch: /shown/x: Read-only file system'
    expect(stdout).toBe(`1 x=y\n/srv/w\n12\n34\nof the host\n${readOnly}\n`)
  })

  it('has loopback only with --network none', async () => {
    const { stdout } = await shell('ls /sys/class/net; ip -o addr', '--network', 'none')
    expect(stdout).toMatch(/^lo\n1: lo\s/)
    expect(stdout).not.toMatch(/^\d+: (?!lo)/m)
  })

  it('names the limit that ended it', async () => {
    const memory = await shell('tail /dev/zero', '--memory', '32m')
    expect(memory.code).toBe(137)
    expect(memory.stderr).toMatch(
      /^sandpiper: killed: memory limit 32 MiB, peak 3[12](\.\d)? MiB$/m,
    )
    const time = await shell('sleep 100', '--timeout', '300ms')
    expect(time.stderr).toBe('sandpiper: killed: time limit 300ms\n')
    expect(time.code).toBe(143)
    const calm = await shell(
      'trap "exit 0" TERM; while :; do sleep 0.1; done',
      ...['--timeout', '300ms', '--grace', '99999999h'],
    )
    // Its shell may say on stdout that the sleep was terminated.
    expect(calm).toMatchObject({ code: 1, stderr: time.stderr })
    const disk = await shell('dd if=/dev/zero of=/fill bs=1M count=64', '--disk', '16m')
    expect(disk.stderr).toMatch(/disk limit of 1[56](\.\d)? MiB/)
    expect(disk.code).toBe(1)
    const pids = await shell('for i in 1 2 3 4 5 6 7 8 9; do sleep 5 & done; wait', '--pids', '5')
    expect(pids.stderr).toMatch(/the pids limit of 5 \(peak 5\) was reached/)
  }, 60_000)

  it('prints one document with --json, and the output on stderr', async () => {
    const { code, stdout, stderr } = await shell('echo hello; exit 3', '--json')
    expect({ code, stderr }).toEqual({ code: 3, stderr: 'hello\n' })
    const positive = expect.any(Number) as unknown
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ status: 'failure', exit_code: 3, signal: null, warnings: [] },
      usage: { cpu_ms: positive, memory_peak_bytes: positive, wall_ms: positive },
      limits: { oom_kills: 0, pids_refused: 0 },
      phases: { prepare_ms: positive, stage_ms: positive, start_ms: positive, run_ms: positive },
    })
  })

  it('asks the command to end when it is interrupted, and kills it after the grace time', async () => {
    const script = 'trap "echo asked" TERM; echo ready; while :; do sleep 0.1; done'
    let interrupted = false
    const { code, stdout, stderr } = await sandpiper(
      ['sandbox', 'run', '--image', 'busybox', '--grace', '500ms', '--', 'sh', '-c', script],
      (text, interrupt) => {
        if (interrupted || !text.includes('ready')) return
        interrupted = true
        interrupt()
      },
    )
    expect(code).toBe(130)
    expect(stdout).toMatch(/^ready\n(Terminated\n)?asked\n/)
    expect(stderr).toContain('sandpiper: cancelled: interrupted')
  })

  it('says what the image has not', async () => {
    const missing = await run('--', 'no-such-program')
    expect(missing.code).toBe(3)
    expect(missing.stderr).toContain('error: "no-such-program" is in none of the directories')
    const unknown = await sandpiper([
      ...['sandbox', 'run', '--image', 'nothing', '--pull', 'never', '--', 'true'],
    ])
    expect(unknown.code).toBe(3)
    expect(unknown.stderr).toContain('error: image nothing:latest is not in the layer store')
  })
})
