import { mkdir, readdir } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { MountPlan, VolumePlan } from '../../pipelines/plan.js'
import type { Made } from '../layers/testing/archives.js'
import { addImage } from '../testing/images.js'
import { makeJob, openTestHost, runJob, service, step, type TestHost } from '../testing/stages.js'
import type { StageStop } from './run-stage.js'

const MIB = 1024 * 1024
const always = { runOn: { success: true, failure: true } }

let host: TestHost

beforeAll(async () => {
  host = await openTestHost({ memoryBytes: 256 * MIB, pids: 64, cpus: 1 })
})

afterAll(() => host.remove())

describe('retry', () => {
  const failing = 'echo x >> tries; echo "try $(wc -l < tries)"'

  it('tries again on a fresh root and the same workspace, with a pause that doubles', async () => {
    const commands = [failing, 'ls /mark && exit 9', 'touch /mark', '[ $(wc -l < tries) = 3 ]']
    const retry = { count: 5, backoffMs: 20 }
    const job = makeJob([
      step('a', [`${commands[0]!}; [ ! -e /mark ]`, ...commands.slice(2)], { retry }),
    ])
    const { sink, outcome } = await runJob(host, job)
    expect(outcome.status).toBe('success')
    const said = sink
      .log('a')
      .split('\n')
      .filter((line) => /^try|^\[sandpiper\]/.test(line))
    expect(said).toEqual([
      'try 1',
      '[sandpiper] failed: exit code 1',
      '[sandpiper] attempt 2 of 6 in 20ms',
      '[sandpiper] attempt 2 of 6',
      'try 2',
      '[sandpiper] failed: exit code 1',
      '[sandpiper] attempt 3 of 6 in 40ms',
      '[sandpiper] attempt 3 of 6',
      'try 3',
    ])
    expect(sink.events).toEqual(['start a', 'end a'])
  })

  it('ends with the last failure when all tries fail', async () => {
    const job = makeJob([step('a', [failing, 'exit 7'], { retry: { count: 1, backoffMs: 0 } })])
    const { sink, outcome } = await runJob(host, job)
    expect(outcome.status).toBe('failure')
    expect(sink.results.get('a')).toMatchObject({ status: 'failure', exitCode: 7 })
    expect(sink.log('a')).toContain('\ntry 2\n')
    expect(sink.log('a')).not.toContain('attempt 3')
  })

  it('looks at the exit code where it is told which', async () => {
    const retry = { count: 3, backoffMs: 0, exitCodes: [75] }
    const steps = [
      step('other', ['exit 1'], { retry, failure: 'ignore' }),
      step('slow', ['sleep 1000'], { retry, timeoutMs: 200, failure: 'ignore' }),
      step('named', [failing, '[ $(wc -l < tries) = 2 ] || exit 75'], { retry }),
    ]
    const { sink, outcome } = await runJob(host, makeJob(steps))
    expect(outcome.status).toBe('success')
    expect(sink.log('other')).not.toContain('attempt')
    expect(sink.log('slow')).not.toContain('attempt')
    expect(sink.log('named')).toContain('attempt 2 of 4')
  })

  it('follows a time limit of the step’s own', async () => {
    const commands = ['[ -e been ] || { touch been; sleep 1000; }']
    const job = makeJob([
      step('a', commands, { timeoutMs: 400, retry: { count: 1, backoffMs: 0 } }),
    ])
    const { sink, outcome } = await runJob(host, job)
    expect(sink.log('a')).toContain('[sandpiper] killed: time limit 400ms\n')
    expect(outcome.status).toBe('success')
  })

  it('does not follow the stage’s time limit, nor a cancellation; waiting ends with them', async () => {
    const retry = { count: 3, backoffMs: 3_600_000 }
    const job = makeJob([step('a', ['false'], { retry })])
    const controller = new AbortController()
    const reason: StageStop = { reason: { kind: 'cancelled', reason: 'by ada' }, urgent: false }
    const { sink, outcome } = await runJob(host, job, {
      signal: controller.signal,
      onOutput: (_, log) => {
        if (log.includes('in 60m')) controller.abort(reason)
      },
    })
    expect(outcome).toEqual({ status: 'killed', error: 'cancelled: by ada' })
    expect(sink.results.get('a')!.error).toBe('cancelled: by ada')
    const slow = makeJob([step('a', ['sleep 1000'], { retry: { count: 3, backoffMs: 0 } })], {
      plan: { timeoutMs: 400 },
    })
    const { sink: timed, outcome: late } = await runJob(host, slow)
    expect(late).toEqual({ status: 'killed', error: 'killed: time limit 400ms' })
    expect(timed.log('a')).not.toContain('attempt')
  })

  it('does not follow what could not be started', async () => {
    const job = makeJob([
      step('a', ['true'], { image: 'nope', pull: 'never', retry: { count: 3, backoffMs: 0 } }),
    ])
    const { sink, outcome } = await runJob(host, job)
    expect(outcome.status).toBe('error')
    expect(sink.log('a')).not.toContain('attempt')
  })
})

describe('time limits', () => {
  it('end a step, not its stage', async () => {
    const steps = [
      step('slow', ['sleep 1000'], { timeoutMs: 300 }),
      step('mail', ['echo told'], { dependsOn: ['slow'], ...always }),
    ]
    const { sink, outcome } = await runJob(host, makeJob(steps))
    expect(outcome).toEqual({ status: 'failure', error: '' })
    expect(sink.results.get('slow')).toMatchObject({
      status: 'killed',
      error: 'killed: time limit 300ms',
    })
    expect(sink.log('mail')).toContain('\ntold\n')
  })

  it('of a pipeline are never more than the build’s', async () => {
    const plan = { timeoutMs: 3_600_000 }
    const job = makeJob([step('a', ['sleep 1000'])], { plan, timeoutMs: 300 })
    const { outcome } = await runJob(host, job)
    expect(outcome).toEqual({ status: 'killed', error: 'killed: time limit 300ms' })
  })
})

describe('exit code 78', () => {
  it('ends the stage as a success and skips what has not started', async () => {
    const steps = [
      service('db', ['sleep 1000']),
      step('check', ['exit 78'], { dependsOn: ['db'] }),
      step('deploy', ['true'], { dependsOn: ['check'] }),
      step('mail', ['true'], { dependsOn: ['check'], runOn: { success: false, failure: true } }),
    ]
    const { sink, outcome } = await runJob(host, makeJob(steps))
    expect(outcome).toEqual({ status: 'success', error: '' })
    expect(sink.results.get('check')).toMatchObject({ status: 'success', exitCode: 78, error: '' })
    for (const name of ['deploy', 'mail']) expect(sink.results.get(name)!.status).toBe('skipped')
    expect(sink.log('check')).toContain(
      '[sandpiper] exit code 78: the stage ends here as a success, later steps are skipped\n',
    )
  })
})

describe('secrets', () => {
  it('that nobody has are named in the log', async () => {
    const job = makeJob([
      step('a', ['echo "[${TOKEN-unset}]"'], { secrets: { TOKEN: 'api-token' } }),
    ])
    const { sink, outcome } = await runJob(host, job)
    expect(outcome.status).toBe('success')
    expect(sink.log('a')).toContain('\n[unset]\n')
    expect(sink.log('a')).toContain(
      '[sandpiper] warning: there is no secret api-token; the variable TOKEN is not set\n',
    )
  })
})

describe('resources', () => {
  it('limit the step that asks for less than it may have', async () => {
    const resources = { memoryBytes: 32 * MIB, pids: 16, cpus: 0.5 }
    const job = makeJob([step('a', ['tail -c 100000000 /dev/zero'], { resources })])
    const { sink } = await runJob(host, job)
    expect(sink.results.get('a')!.error).toMatch(/^killed: memory limit 32 MiB, peak/)
  })

  it.each([
    [{ memoryBytes: 1024 * MIB }, '1 GiB of memory, and this runner gives a step 256 MiB'],
    [{ pids: 65 }, '65 processes, and this runner gives a step 64'],
    [{ cpus: 1.5 }, '1.5 CPUs, and this runner gives a step 1'],
    [{ cpuWeight: 200 }, 'a CPU weight of 200, and this runner gives a step 100'],
    [{ diskBytes: 2 ** 50 }, '1048576 GiB of disk, and this runner gives a step 10 GiB'],
    [{ outputBytes: 2 ** 30 }, '1 GiB of output, and this runner gives a step 64 MiB'],
  ])('are refused when they are too much: %j', async (resources, expected) => {
    const { sink, outcome } = await runJob(host, makeJob([step('a', ['echo ran'], { resources })]))
    expect(outcome.status).toBe('error')
    expect(sink.log('a')).toContain(`the step asks for ${expected} at most`)
    expect(sink.log('a')).not.toContain('ran\n')
  })

  it('may be more than the default where the runner allows it', async () => {
    const generous = await openTestHost({ memoryBytes: 32 * MIB, memoryBytesMax: 128 * MIB })
    const hog = ['head -c 60000000 /dev/zero | tail -c 60000000 > /dev/null']
    const steps = [
      step('plain', hog, { failure: 'ignore' }),
      step('large', hog, { resources: { memoryBytes: 128 * MIB } }),
    ]
    const { sink, outcome } = await runJob(generous, makeJob(steps))
    await generous.remove()
    expect(sink.results.get('plain')!.status).toBe('killed')
    expect(outcome.status).toBe('success')
  })

  it('end a step that fills its disk', async () => {
    const commands = ['mkdir -p /a/b', 'dd if=/dev/zero of=/a/b/big bs=64k count=500', 'sleep 1000']
    const job = makeJob([step('a', commands, { resources: { diskBytes: 20 * MIB } })])
    const { sink } = await runJob(host, job)
    const { status, error } = sink.results.get('a')!
    expect(status).toBe('failure')
    expect(error).toMatch(
      /^failed: exit code 1; the disk limit of [\d.]+ MiB \(used [\d.]+ MiB\) was reached$/,
    )
    expect(sink.log('a')).toContain('No space left on device')
  })

  it('bound open files, which a program sees as any other system has it', async () => {
    const open = 'i=3; while [ $i -lt 40 ]; do eval "exec $i</dev/null" || break; i=$((i+1)); done'
    const commands = ['ulimit -n', `(${open}) || echo full`, 'echo on']
    const job = makeJob([step('a', commands, { resources: { openFiles: 24 } })])
    const { sink } = await runJob(host, job)
    expect(sink.log('a')).toContain('+ ulimit -n\n24\n')
    expect(sink.log('a')).toMatch(/Too many open files|Bad file descriptor|Invalid argument/)
  })

  it('end a step that prints more than it asked for', async () => {
    const job = makeJob([
      step('a', ['yes | head -c 100000', 'sleep 1000'], { resources: { outputBytes: 2048 } }),
    ])
    const { sink } = await runJob(host, job)
    expect(sink.results.get('a')).toMatchObject({
      status: 'killed',
      error: 'killed: output limit 2 KiB',
    })
  })

  it('name the processes that a step had, and the time that it was held back', async () => {
    const bomb = 'for i in $(seq 40); do sleep 3 & done; wait'
    const spin = 'timeout 4 sh -c "while :; do :; done"'
    const steps = [
      step('bomb', [bomb], { resources: { pids: 16 }, failure: 'ignore' }),
      step('spin', [`${spin} || true`], { resources: { cpus: 0.05 } }),
    ]
    const { sink } = await runJob(host, makeJob(steps))
    expect(sink.results.get('bomb')!.error).toMatch(
      /; the pids limit of 16 (\(peak 16\) )?was reached$/,
    )
    expect(sink.log('spin')).toMatch(
      /warning: the CPU limit of 0\.05 held it back in \d+ % of the time it wanted to run \([\d.]+s in all\)/,
    )
  })

  it.each([
    ['the root', '/big', 'No space left on device'],
    ['the workspace', '/drone/src/big', 'No space left on device'],
    ['a volume', '/c/big', 'killed: volume c: size limit 5 MiB, used'],
  ])('bound what a step writes to a deleted file of %s', async (_, file, said) => {
    const volumes: VolumePlan[] = [{ kind: 'temp', name: 'c', medium: 'disk', sizeBytes: 5 * MIB }]
    const mounts = [{ volume: 'c', path: '/c' }]
    const limits = { ...host.host.deps.limits, workspaceBytes: 20 * MIB }
    const small = { ...host, host: { ...host.host, deps: { ...host.host.deps, limits } } }
    const fill = [
      `exec 3>${file}; rm ${file}; dd if=/dev/zero bs=64k count=500 >&3`,
      'for at in $(seq 100); do sleep 0.1; done',
    ]
    const more = { mounts, resources: { diskBytes: 20 * MIB } }
    const job = makeJob([step('a', fill, more)], { plan: { volumes } })
    const { sink } = await runJob(small, job)
    expect(sink.log('a')).toContain(said)
  })

  it('let files in memory be, which count to another limit', async () => {
    const commands = [
      'exec 3>/dev/shm/x; rm /dev/shm/x; head -c 30000000 /dev/zero >&3',
      'sleep 2.5',
    ]
    const job = makeJob([step('a', commands, { resources: { diskBytes: 20 * MIB } })])
    const { sink } = await runJob(host, job)
    expect(sink.results.get('a')!.status).toBe('success')
  })

  it('set the size of shared memory', async () => {
    const job = makeJob([step('a', ['df -k /dev/shm | tail -n 1'], { shmBytes: 8 * MIB })])
    const { sink } = await runJob(host, job)
    expect(sink.log('a')).toMatch(/\s8192\s/)
  })
})

describe('volumes', () => {
  const disk: VolumePlan = { kind: 'temp', name: '../../cache', medium: 'disk' }
  const memory: VolumePlan = { kind: 'temp', name: 'ram', medium: 'memory', sizeBytes: 4 * MIB }
  const at = (volume: string, target: string, more: Partial<MountPlan> = {}): MountPlan => ({
    ...{ volume, path: target },
    ...more,
  })

  it.each([disk, memory])('are shared by the steps of a stage: $medium', async (volume) => {
    const plan = { volumes: [volume] }
    const steps = [
      step('write', ['echo kept > /cache/x/file'], {
        mounts: [at(volume.name, '/cache/x/')],
        user: '1000',
      }),
      step('read', ['cat /other/file', 'touch /other/file 2>&1 || echo read-only'], {
        mounts: [at(volume.name, '/other', { readOnly: true })],
        dependsOn: ['write'],
      }),
    ]
    const { sink, outcome } = await runJob(host, makeJob(steps, { plan }))
    expect(`${sink.log('write')}${outcome.status}`).toMatch(/success$/)
    expect(sink.log('read')).toContain('\nkept\n')
    expect(sink.log('read')).toContain('\nread-only\n')
  })

  it.each([[[100 * 1024 * MIB]], [[200 * MIB, 57 * MIB]]])(
    'in memory are refused before anything starts when they may hold too much: %j',
    async (sizes) => {
      const volumes = sizes.map((sizeBytes, at) => ({ ...memory, name: `ram${at}`, sizeBytes }))
      const { sink, outcome } = await runJob(
        host,
        makeJob([step('a', ['true'])], { plan: { volumes } }),
      )
      expect(outcome.status).toBe('error')
      expect(outcome.error).toMatch(
        /^the volumes in memory ask for .* gives them 256 MiB together\. Set lower sizes/,
      )
      expect(sink.events).toEqual(['end a'])
    },
  )

  it('start empty in each stage and leave nothing behind', async () => {
    const job = makeJob(
      [step('a', ['ls -A /c', 'touch /c/x'], { mounts: [at(disk.name, '/c')] })],
      {
        plan: { volumes: [disk] },
      },
    )
    for (let round = 0; round < 2; round++) {
      const { sink } = await runJob(host, job)
      expect(sink.log('a')).toBe('+ ls -A /c\n+ touch /c/x\n')
    }
    await host.host.deps.trash.idle()
    expect(await readdir(host.host.dataDir.stages)).toEqual([])
  })

  it('may lie in each other and around the workspace', async () => {
    const volumes = [disk, { ...disk, name: 'inner' }]
    const mounts = [at('inner', '/drone/cache/inner'), at(disk.name, '/drone')]
    const steps = [
      step('source', ['touch source']),
      step('a', ['ls source', 'touch /drone/outer /drone/cache/inner/in'], {
        ...{ mounts, dependsOn: ['source'] },
      }),
      step('b', ['ls /drone /drone/cache/inner'], { mounts, dependsOn: ['a'] }),
    ]
    const { sink, outcome } = await runJob(host, makeJob(steps, { plan: { volumes } }))
    expect(`${sink.log('a')}${sink.log('b')}${outcome.status}`).toMatch(/success$/)
    expect(sink.log('b').split('\n')).toEqual(expect.arrayContaining(['outer', 'in', 'src']))
  })

  it('end a step that fills one with a size', async () => {
    const volumes = [{ ...disk, sizeBytes: 5 * MIB }]
    const fill = ['head -c 9000000 /dev/zero > /c/big', 'sleep 1000']
    const job = makeJob([step('a', fill, { mounts: [at(disk.name, '/c')] })], { plan: { volumes } })
    const { sink } = await runJob(host, job)
    expect(sink.results.get('a')!.error).toMatch(
      /^killed: volume \.\.\/\.\.\/cache: size limit 5 MiB, used [\d.]+ MiB$/,
    )
  })

  it.each([
    ['/', 'it would hide the whole image'],
    ['/x/../', 'it would hide the whole image'],
    ['/proc/self', 'that place is the system’s own'],
    ['/run/x/../sandpiper/output', 'that place is the system’s own'],
    ['relative', 'the path is not absolute'],
    ['/drone/src/', 'it is the workspace'],
    ['/drone//src/.', 'it is the workspace'],
    ['/run/', 'it would hide /run/sandpiper'],
    ['/etc', 'it would hide /etc/hosts'],
    ['/etc/resolv.conf', 'that place is the system’s own'],
    ['/dev/', 'that place is the system’s own'],
    ['/dev/shm/x', 'that place is the system’s own'],
  ])('are not mounted at %s', async (target, expected) => {
    const job = makeJob([step('a', ['true'], { mounts: [at(disk.name, target)] })], {
      plan: { volumes: [disk] },
    })
    const { sink, outcome } = await runJob(host, job)
    expect(outcome.status).toBe('error')
    expect(sink.log('a')).toContain(expected)
  })

  it('are not mounted when they are not declared, or are the host’s', async () => {
    const volumes: VolumePlan[] = [{ kind: 'host', name: 'etc', path: '/etc' }]
    const steps = [
      step('a', ['true'], { mounts: [at('gone', '/c')] }),
      step('b', ['true'], { mounts: [at('etc', '/c')] }),
    ]
    const { sink } = await runJob(host, makeJob(steps, { plan: { volumes } }))
    expect(sink.log('a')).toContain('volume gone is not declared')
    expect(sink.log('b')).toContain('volume etc is a path of the host')
  })

  it('never lead out of the image by its links', async () => {
    const outside = path.join(host.directory, 'outside')
    await mkdir(outside)
    await addImage(host, 'linked', { files: [{ path: 'link', flag: '2', linkPath: outside }] })
    const mounts = [at(disk.name, '/link/inner')]
    const job = makeJob([step('a', ['touch /link/inner/x'], { mounts, image: 'linked' })], {
      plan: { volumes: [disk] },
    })
    const { sink } = await runJob(host, job)
    expect(sink.results.get('a')!.status).toBe('success')
    expect(await readdir(outside)).toEqual([])
  })

  it.each([
    ['/var/run', 'it would hide /run/sandpiper'],
    ['/var/run/sandpiper/script', 'that place is the system’s own'],
    ['/src/', 'it is the workspace'],
    ['/loop/x', 'its links lead nowhere'],
  ])('are not mounted where a link of the image leads: %s', async (target, expected) => {
    const link = (at: string, linkPath: string): Made => ({ path: at, flag: '2', linkPath })
    const links = [link('var/run', '../run'), link('src', '/drone/src'), link('loop', 'loop')]
    await addImage(host, 'links', { files: links })
    const mounts = [at(disk.name, target)]
    const job = makeJob([step('a', ['true'], { mounts, image: 'links' })], {
      plan: { volumes: [disk] },
    })
    const { sink } = await runJob(host, job)
    expect(sink.log('a')).toContain(expected)
  })

  it('may lie in each other whatever they are on, but not in one place', async () => {
    const plan = { volumes: [disk, memory] }
    const [outer, inner] = [at(disk.name, '/c'), at(memory.name, '/c/ram')]
    const steps = [
      step('same', ['true'], { mounts: [outer, at(memory.name, '/x/../c/')] }),
      step('inner', ['grep " /c/ram " /proc/mounts', 'touch /c/ram/x'], { mounts: [inner, outer] }),
      step('outer', ['grep " /c/ram " /proc/mounts'], {
        mounts: [at(memory.name, '/c'), at(disk.name, '/c/ram')],
      }),
    ]
    const { sink } = await runJob(host, makeJob(steps, { plan }))
    expect(sink.log('same')).toContain('another volume is there')
    expect(sink.log('inner')).toMatch(/^none \/c\/ram tmpfs /m)
    expect(sink.results.get('outer')!.status).toBe('success')
  })
})

describe('what a runner may not run', () => {
  it.each([
    [{ type: 'kubernetes' }, 'type kubernetes is not supported by this runner'],
    [
      { demands: [{ what: 'privileged: true', step: 'a', at: '.pipeline.yml:3:5' }] },
      'this runner does not allow privileged: true (step a, .pipeline.yml:3:5)',
    ],
  ])('is told before anything starts: %j', async (plan, expected) => {
    const job = makeJob([step('a', ['true']), step('b', ['true'], always)], { plan })
    const { sink, outcome } = await runJob(host, job)
    expect(outcome.status).toBe('error')
    expect(outcome.error).toContain(expected)
    expect(sink.events).toEqual(['end a', 'end b'])
    expect(sink.results.get('a')!.status).toBe('skipped')
  })
})
