import { readdir } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { makeJob, openTestHost, runJob, step, type TestHost } from '../../testing/stages.js'
import { makeTree, runBuild, type Files, type TestBuild } from '../testing/builds.js'

const MIB = 1024 * 1024

let host: TestHost

beforeAll(async () => {
  host = await openTestHost({ memoryBytes: 256 * MIB, pids: 64, cpus: 1, diskBytes: 64 * MIB })
})

afterAll(() => host.remove())

/** Builds without pushing, as `plugins/docker` with `dry_run` would. */
async function build(
  files: Files | string,
  settings: Files = {},
  more: Parameters<typeof runBuild>[3] = {},
): Promise<TestBuild> {
  const all = typeof files === 'string' ? { Dockerfile: files } : files
  return runBuild(host, await makeTree(host, all), { dry_run: 'true', ...settings }, more)
}

/** Lines of the log that are none of the runner's own. */
function printed({ log }: TestBuild): string[] {
  return log.split('\n').filter((line) => line !== '' && !line.startsWith('[sandpiper]'))
}

/** What the build ended with. */
function endOf({ sink }: TestBuild): { status: string; exitCode: number; error: string } {
  const { status, exitCode, error } = sink.results.get('image') ?? {}
  return { status: String(status), exitCode: Number(exitCode), error: String(error) }
}

describe('a step that builds an image', () => {
  it('runs every instruction and shows what it prints', async () => {
    const done = await build({
      Dockerfile: `FROM busybox
ARG WHO=world
RUN echo "hello $WHO"; echo data > /made
WORKDIR /work
COPY . .
RUN cat sub/file /made; ls /work
`,
      'sub/file': 'content of a file\n',
    })
    expect(done.log).toBe(`[sandpiper] [1/6] FROM busybox
[sandpiper] [2/6] ARG WHO=world
[sandpiper] [3/6] RUN echo "hello $WHO"; echo data > /made
hello world
[sandpiper] [4/6] WORKDIR /work
[sandpiper] [5/6] COPY . .
[sandpiper] [6/6] RUN cat sub/file /made; ls /work
content of a file
data
Dockerfile
sub
[sandpiper] built; nothing is pushed, as the settings say
`)
    expect(done.outcome.status).toBe('success')
  })

  it('ends with the exit code of the RUN that fails, and says where it is', async () => {
    const done = await build('FROM busybox\n\nRUN echo before; exit 37\nRUN echo never\n')
    expect(endOf(done)).toEqual({
      status: 'failure',
      exitCode: 37,
      error: 'Dockerfile:3: RUN failed: exit code 37',
    })
    expect(printed(done)).toEqual(['before'])
    expect(endOf(await build('FROM busybox\nRUN exit 78'))).toMatchObject({
      status: 'failure',
      exitCode: 78,
    })
  })

  it('does nothing again whose layers, words and files are the same', async () => {
    const files = {
      Dockerfile: `FROM busybox
ARG A=1
RUN echo "ran with $A"; echo $A > /a
COPY file /copied
WORKDIR /w
RUN echo last; cat /copied
`,
      file: 'one\n',
    }
    expect(printed(await build(files))).toEqual(['ran with 1', 'last', 'one'])
    const again = await build({ ...files, other: 'x' })
    expect(printed(again)).toEqual([])
    expect(again.log.match(/cached/g)).toHaveLength(4)
    const changed = await build({ ...files, file: 'two\n' })
    expect(printed(changed)).toEqual(['last', 'two'])
    expect(printed(await build(files, { build_args: 'A=2' }))).toContain('ran with 2')
    expect(printed(await build(files, { no_cache: 'true' }))).toEqual(['ran with 1', 'last', 'one'])
  })

  it('takes no layers of other repos, nor of pull requests', async () => {
    const files = { Dockerfile: 'FROM busybox\nRUN echo "whose is this"; echo > /x' }
    const tree = await makeTree(host, files)
    const repo = (id: number, ref: string): object => ({
      repo: { id, slug: `o/${String(id)}`, cloneUrl: '', allowFileTransport: true },
      ref,
    })
    const isCached = async (id: number, ref: string): Promise<boolean> => {
      const done = await runBuild(host, tree, { dry_run: 'true' }, {}, repo(id, ref))
      expect(done.outcome.status).toBe('success')
      return printed(done).length === 0
    }
    expect(await isCached(1, 'refs/pull/7/head')).toBe(false)
    expect(await isCached(1, 'refs/pull/7/head')).toBe(true)
    expect(await isCached(1, 'refs/pull/8/head')).toBe(false)
    expect(await isCached(1, 'refs/heads/main')).toBe(false)
    expect(await isCached(1, 'refs/tags/v1')).toBe(true)
    expect(await isCached(1, 'refs/pull/9/head')).toBe(true)
    expect(await isCached(2, 'refs/heads/main')).toBe(false)
  })

  it('shows a pull request nothing that was made with secrets which it has not', async () => {
    const run = 'RUN --mount=type=secret,id=token echo "made"; cat /run/secrets/token >/got || :'
    const tree = await makeTree(host, {
      Dockerfile: `FROM busybox\n${run}\nRUN --mount=type=tmpfs,target=/t cat /got`,
    })
    const repo = { id: 7, slug: 'o/secrets', cloneUrl: '', allowFileTransport: true }
    const MY_TOKEN = 's3cret'
    const trusted = { PLUGIN_SECRET: 'id=token,env=MY_TOKEN', PLUGIN_DRY_RUN: 'true', MY_TOKEN }
    const main = { repo, ref: 'refs/heads/main' }
    const first = await runBuild(host, tree, {}, { environment: trusted }, main)
    expect(printed(first)).toEqual(['made', 's3cret'])
    const again = await runBuild(host, tree, {}, { environment: trusted }, main)
    expect(printed(again)).toEqual([])
    const request = { repo, ref: 'refs/pull/1/head' }
    const stranger = await runBuild(host, tree, { dry_run: 'true' }, {}, request)
    expect(printed(stranger)).toContain('made')
    expect(stranger.log).not.toContain('s3cret')
  })

  it('builds only the stages that are needed, and shows their names', async () => {
    const text = `FROM busybox AS one
RUN echo 1 > /made
FROM busybox AS unneeded
RUN exit 1
FROM busybox
COPY --from=one /made /made
RUN cat /made
`
    const done = await build(text)
    expect(printed(done)).toEqual(['1'])
    expect(done.log).toContain('[sandpiper] [one 2/2] RUN echo 1 > /made\n')
    expect(done.log).not.toContain('unneeded')
    const target = await build(text, { target: 'unneeded' })
    expect(endOf(target)).toMatchObject({ status: 'failure', exitCode: 1 })
  })

  it('keeps nothing of what a RUN only had mounted', async () => {
    const secret = 'id=token,env=MY_TOKEN'
    const done = await build(
      {
        Dockerfile: `FROM busybox AS other
RUN mkdir /d && echo from-other > /d/file
FROM busybox
RUN --mount=type=bind,target=/ctx cat /ctx/a/b; touch /ctx/x 2>&1 | grep -o Read-only
RUN --mount=type=bind,source=a/b,target=/b cat /b
RUN --mount=type=bind,from=other,source=/d,target=/d cat /d/file
RUN --mount=type=cache,target=/cache touch /cache/x && ls /cache
RUN --mount=type=tmpfs,target=/mem,size=4m touch /mem/y && ls /mem
RUN --mount=type=secret,id=token cat /run/secrets/token && echo
RUN --mount=type=secret,id=token,env=TOKEN,target=/t echo $TOKEN; cat /t && echo
RUN --mount=type=secret,id=none ls /run/secrets 2>/dev/null; echo without
RUN ls -d /ctx /b /d /cache /mem /t /run/secrets /.sandpiper 2>/dev/null; echo nothing
RUN --network=none ls /sys/class/net
`,
        'a/b': 'bound\n',
      },
      {},
      { environment: { PLUGIN_SECRET: secret, PLUGIN_DRY_RUN: 'true', MY_TOKEN: 's3cret' } },
    )
    expect(printed(done)).toEqual([
      ...['bound', 'Read-only', 'bound', 'from-other', 'x', 'y', 's3cret', 's3cret', 's3cret'],
      ...['without', 'nothing', 'lo'],
    ])
    expect(endOf(done)).toMatchObject({ status: 'success' })
    expect(done.log.match(/caches are not kept yet/g)).toHaveLength(1)
  })

  it('runs heredocs, and what the base has kept for those who build on it', async () => {
    const done = await build(`FROM busybox AS base
ONBUILD RUN echo "triggered in $(pwd)"
WORKDIR /b
FROM base
RUN <<EOF
echo one
echo two
EOF
RUN <<EOF
#!/bin/busybox sh
echo three as $0
EOF
ARG X=4
COPY <<EOF /file
number $X
EOF
RUN cat /file
`)
    expect(printed(done)).toEqual([
      ...['triggered in /b', 'one', 'two', 'three as /run/sandpiper/heredoc', 'number 4'],
    ])
  })

  it('builds nothing where auto_tag makes no tag', async () => {
    const environment = {
      ...{ PLUGIN_AUTO_TAG: 'true', PLUGIN_REPO: 'a/b' },
      ...{ DRONE_COMMIT_REF: 'refs/heads/fix', DRONE_REPO_BRANCH: 'main' },
    }
    const done = await build('FROM busybox\nRUN exit 1', {}, { environment })
    expect(done.log).toContain(
      'nothing is built: auto_tag builds git tags and the default branch (main) only',
    )
    expect(done.outcome.status).toBe('success')
  })

  it.each<[Files | string, Files, string]>([
    ['FROM busybox\nRUNN x', {}, 'Dockerfile:2: there is no instruction "RUNN"'],
    [{}, {}, 'there is no Dockerfile in the workspace'],
    [{ 'docker/app': 'FROM busybox\nFOO' }, { dockerfile: 'docker/app' }, 'docker/app:2: there is'],
    ['FROM busybox', { target: 'x' }, 'Dockerfile has no stage "x"'],
    ['FROM busybox', { platform: 'linux/riscv64' }, 'not for linux/riscv64'],
    ['FROM --platform=linux/s390x busybox', {}, 'Dockerfile:1: this machine builds for'],
    ['FROM busybox', { context: '..' }, '".." is not in the workspace'],
    ['FROM busybox', { context: 'https://example.com/a.git' }, 'is not in the workspace'],
    ['FROM busybox\nCOPY none /x', {}, 'Dockerfile:2: "none" is not there to be copied'],
    ['FROM busybox\nCOPY ../../etc/passwd /x', {}, 'Dockerfile:2: "../../etc/passwd" is not there'],
    ['FROM busybox\nUSER nobody-here\nRUN x', {}, 'there is no user "nobody-here"'],
    [
      'FROM busybox\nRUN --mount=type=secret,id=x,required=true y',
      {},
      'Dockerfile:2: there is no secret "x"',
    ],
    [
      'FROM busybox\nRUN ["no-such-program"]',
      {},
      '"no-such-program" is in none of the directories',
    ],
  ])('says of %j with %j what is wrong', async (files, settings, message) => {
    const done = await build(files, settings)
    expect(done.log).toContain(message)
    expect(endOf(done)).toMatchObject({ status: 'error' })
  })
})

describe('a hostile Dockerfile or context', () => {
  it('has links lead nowhere but into the context', async () => {
    const out = await build({ Dockerfile: 'FROM busybox\nCOPY out /x', out: '->/etc' })
    expect(out.log).toContain('Dockerfile:2: "out" is not there to be copied')
    const copied = await build({
      Dockerfile: 'FROM busybox\nCOPY climbing /x',
      climbing: '->../../../../../../etc/hostname',
    })
    expect(copied.log).toContain('Dockerfile:2: "climbing" is not there to be copied')
    const bound = await build({
      Dockerfile: 'FROM busybox\nRUN --mount=type=bind,source=shadow,target=/x cat /x',
      shadow: '->/etc/shadow',
    })
    expect(bound.log).toContain('"shadow" is not there to be copied')
    const within = await build({
      Dockerfile: 'FROM busybox\nRUN --mount=type=bind,source=d,target=/d cat /d/passwd | wc -l',
      'd/passwd': '->/etc/passwd',
    })
    // What a link inside of a directory leads to is the image's own.
    expect(printed(within)).toEqual(['2'])
    const dockerfile = await build({ Dockerfile: '->/proc/1/environ' })
    expect(dockerfile.log).toContain('there is no Dockerfile in the workspace')
    const ignored = await build({ Dockerfile: 'FROM busybox', '.dockerignore': '->/etc/passwd' })
    expect(ignored.outcome.status).toBe('success')
  })

  it('unpacks no archive that climbs out, removes files, or never ends', async () => {
    const add = (make: string): Promise<TestBuild> =>
      build({ Dockerfile: 'FROM busybox\nADD x.tar /x', 'x.tar': `$ ${make}` })
    const climbing = await add('cd /etc && tar -P -cf - ../etc/hostname')
    expect(climbing.log).toContain('../etc/hostname climbs out')
    const whiteout = await add('d=$(mktemp -d); cd $d; touch .wh.bin; tar -cf - .; rm -r $d')
    expect(whiteout.log).toContain("Dockerfile:2: the archive can't be unpacked: it has x/.wh.bin")
    const bomb = await add(
      'd=$(mktemp -d); cd $d; head -c 200M /dev/zero > z; tar -cf - z | gzip; rm -r $d',
    )
    expect(bomb.log).toContain('a layer of the image has more than 64 MiB')
    const xz = await add('head -c 1k /dev/zero | xz -c')
    expect(xz.log).toContain('Dockerfile:2: ADD does not unpack xz')
  }, 60_000)

  it('gets in a RUN what a step gets, and no more', async () => {
    const probe = [
      'grep -E "^(Cap|Seccomp|NoNewPrivs|Groups)" /proc/self/status; id -u',
      'tr -s " " < /proc/self/uid_map; ls /proc/self/ns /dev; mount -t tmpfs x /mnt; umask',
      'ulimit -a; cat /proc/1/environ; ls /proc/1/root; hostname; touch /proc/sys/kernel/x',
    ].join('; ')
    const { sink } = await runJob(host, makeJob([step('step', [`sh -c '${probe}' 2>&1; true`])]))
    const lines = sink.log('step').split('\n')
    const inStep = lines.filter((line) => line !== '' && !/^(\+ |\[sandpiper\])/.test(line))
    const inRun = printed(await build(`FROM busybox\nRUN sh -c '${probe}' 2>&1; true`))
    const same = (line: string): string =>
      line.replace(/^ ?0 \d+ 65536$/, 'ids').replace(/^sandpiper-\d+-\d+$/, 'name')
    expect(inRun.map(same)).toEqual(inStep.map(same))
    expect(inRun).toContain('Seccomp:\t2')
  })

  it('meets the limits of a step', async () => {
    const disk = await build('FROM busybox\nRUN dd if=/dev/zero of=/big bs=1M count=400; sleep 60')
    expect(endOf(disk)).toMatchObject({ status: 'killed' })
    expect(disk.log).toContain('killed: disk limit 64 MiB')
    const time = await build('FROM busybox\nRUN sleep 1000', {}, { timeoutMs: 1000 })
    expect(endOf(time)).toMatchObject({ status: 'killed', error: 'killed: time limit 1s' })
    const memory = await build('FROM busybox\nRUN tail /dev/zero')
    expect(endOf(memory)).toMatchObject({ status: 'killed' })
    expect(memory.log).toContain('memory limit 256 MiB')
    const copy = await build({ Dockerfile: 'FROM busybox\nCOPY . /x', large: 'x'.repeat(65 * MIB) })
    expect(copy.log).toContain('a layer of the image has more than 64 MiB')
  }, 60_000)

  it('leaves nothing behind, however it ends', async () => {
    await build('FROM busybox\nRUN exit 1')
    await host.host.deps.trash.idle()
    expect(await readdir(host.host.deps.stagesDir)).toEqual([])
  })
})
