import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { addImage } from '../testing/images.js'
import {
  makeJob,
  openTestHost,
  program,
  runJob,
  service,
  step,
  type TestHost,
} from '../testing/stages.js'

let host: TestHost

beforeAll(async () => {
  host = await openTestHost()
  const tool = '#!/bin/sh\necho "tool: $@"\npwd\nid -u\n'
  await addImage(host, 'tool', {
    entrypoint: ['tool', 'first'],
    cmd: ['second'],
    workingDir: '/own/place',
    files: [
      { path: 'opt', flag: '5' },
      { path: 'opt/tool', content: tool, mode: 0o755 },
      { path: 'opt/plain', content: tool, mode: 0o644 },
      { path: 'usr/local/bin/tool', flag: '2', linkPath: '../../../opt/../opt/tool' },
      { path: 'usr/local/bin/plain', flag: '2', linkPath: '/opt/plain' },
      { path: 'usr/local/bin/ls', flag: '2', linkPath: '../../../../../../../../bin/busybox' },
    ],
    env: { PATH: '/nowhere:/usr/local/bin:/bin' },
  })
  await addImage(host, 'empty', {})
  await addImage(host, 'db', {
    user: 'ada',
    cmd: ['sh', '-c', 'id; echo "home $HOME"; touch /var/tmp/mine && echo made'],
    files: [
      {
        path: 'etc/passwd',
        content:
          'root:x:0:0::/root:/bin/sh\nada:x:1000:1001::/home/ada:/bin/sh\nbroken\n:x:1:1::/:\n',
      },
      { path: 'etc/group', content: 'root:x:0:\nada:x:1001:\nmedia:x:44:bob,ada\n' },
    ],
  })
  await addImage(host, 'trap', {
    files: [{ path: 'etc/passwd', flag: '2', linkPath: '../../../../../../etc/shadow' }],
  })
})

afterAll(() => host.remove())

async function logOf(of: ReturnType<typeof program>): Promise<string> {
  const { sink, outcome } = await runJob(host, makeJob([of]))
  return `${sink.log(of.name)}${outcome.status}`
}

describe('steps that run their image’s own program', () => {
  it('run entrypoint and command in the workspace, found by PATH', async () => {
    expect(await logOf(program('a', 'tool'))).toBe('tool: first second\n/drone/src\n0\nsuccess')
  })

  it('drop the image’s command with its entrypoint, and the command alone', async () => {
    const own = program('a', 'tool', { entrypoint: ['/opt/tool', 'x'] })
    expect(await logOf(own)).toMatch(/^tool: x\n/)
    expect(await logOf(program('a', 'tool', { command: ['y', 'z'] }))).toMatch(/^tool: first y z\n/)
    const both = program('a', 'tool', { entrypoint: ['tool'], command: ['$HOME *'] })
    expect(await logOf(both)).toMatch(/^tool: \$HOME \*\n/)
  })

  it('start where the step says, and services where the image says', async () => {
    expect(await logOf(program('a', 'tool', { workingDir: 'below' }))).toContain(
      '/drone/src/below\n',
    )
    expect(await logOf(program('a', 'tool', { workingDir: '../../x/' }))).toContain('\n/x\n')
    const detached = program('db', 'tool', { detach: true, service: true })
    const wait = step('wait', ['sleep 0.3'], { dependsOn: ['db'] })
    const { sink } = await runJob(host, makeJob([detached, wait]))
    expect(sink.log('db')).toContain('\n/own/place\n')
    expect(sink.log('db')).toContain(
      '[sandpiper] ended by itself with exit code 0; the stage goes on',
    )
  })

  it('say so when there is nothing to run', async () => {
    expect(await logOf(program('a', 'empty'))).toBe(
      '[sandpiper] image empty has neither an entrypoint nor a command. ' +
        'Give the step commands, an entrypoint or a command\nerror',
    )
  })

  it('find no program that may not be executed, and none outside of the image', async () => {
    const missing = '"plain" is in none of the directories of PATH in image tool: /nowhere:'
    expect(await logOf(program('a', 'tool', { entrypoint: ['plain'] }))).toContain(missing)
    // The link climbs; inside its root it ends at the image's own /bin/busybox.
    expect(await logOf(program('a', 'tool', { entrypoint: ['ls', '-d', '/opt'] }))).toBe(
      '/opt\nsuccess',
    )
    expect(await logOf(program('a', 'tool', { entrypoint: ['/no/such'] }))).toContain('ENOENT')
  })

  it('run the host’s programs in exec stages', async () => {
    const { image: _, ...bare } = program('a', '', { entrypoint: ['echo', 'a  b'] })
    const { sink } = await runJob(host, makeJob([bare], { plan: { type: 'exec' } }))
    expect(sink.log('a')).toBe('a  b\n')
  })

  it('run in the shell that commands ask for', async () => {
    const shell = step('a', ['echo "$0 ${0##*/}"'], { shell: '/bin/ash' })
    const { sink } = await runJob(host, makeJob([shell]))
    expect(sink.results.get('a')!.status).toBe('success')
    const { sink: other } = await runJob(
      host,
      makeJob([step('a', ['true'], { shell: '/bin/zsh' })]),
    )
    expect(other.log('a')).toContain('/bin/zsh')
  })
})

describe('the user of a step', () => {
  it('is the image’s, by its name there, with its groups and its home', async () => {
    const log = await logOf(program('a', 'db'))
    expect(log).toMatch(/uid=1000\(ada\) gid=1001\(ada\) groups=44\(media\)/)
    expect(log).toContain('home /home/ada\n')
    expect(log).toContain('made\n')
  })

  it.each([
    ['root', 'uid=0'],
    ['0', 'uid=0'],
    ['ada:media', 'uid=1000 gid=44\n'],
    ['1000', 'uid=1000 gid=1001'],
    ['77', 'uid=77 gid=0\n'],
    ['77:88', 'uid=77 gid=88\n'],
  ])('can be %s', async (user, expected) => {
    const log = await logOf(program('a', 'db', { user }))
    expect(log.replaceAll(/\(.*?\)/g, '')).toContain(expected)
  })

  it.each([
    ['eve', /no user "eve" in the image's \/etc\/passwd/],
    ['ada:nobody', /no group "nobody"/],
    ['65536', /ids go up to 65535/],
    ['0:4294967295', /ids go up to/],
  ])('can not be %s', async (user, expected) => {
    expect(await logOf(program('a', 'db', { user }))).toMatch(expected)
  })

  it('is never looked up in files of the host', async () => {
    const log = await logOf(program('a', 'trap', { user: 'daemon', command: ['id'] }))
    expect(log).toContain('there is no user "daemon"')
  })

  it('can write to the workspace and to what root has made its own of it', async () => {
    const steps = [
      step('write', ['id -u', 'mkdir out && echo built > out/file'], { user: '1000:1000' }),
      step('root', ['stat -c "%u %n" out/file', 'cat out/file'], { dependsOn: ['write'] }),
    ]
    const { sink, outcome } = await runJob(host, makeJob(steps))
    expect(outcome.status).toBe('success')
    expect(sink.log('root')).toContain('1000 out/file\n')
  })
})

describe('names in a stage', () => {
  it('are those of its services and of hosts that a step adds', async () => {
    const hosts = step('hosts', ['cat /etc/hosts /etc/resolv.conf'], {
      extraHosts: [
        { host: 'db.example.com', address: '192.0.2.7' },
        { host: 'evil\n127.0.0.1 x', address: '1' },
      ],
      dns: ['192.0.2.53'],
      dnsSearch: ['example.com', 'example.org'],
      dependsOn: ['My DB', 'cache'],
    })
    const steps = [
      service('My DB', ['sleep 1000']),
      service('cache', ['sleep 1000'], { dependsOn: ['My DB'] }),
      hosts,
    ]
    const { sink } = await runJob(host, makeJob(steps))
    const lines = sink.log('hosts').split('\n').slice(1)
    expect(lines).toEqual([
      '192.0.2.7 db.example.com',
      '127.0.0.1 localhost',
      '::1 localhost ip6-localhost ip6-loopback',
      '127.0.0.1 sandpiper-1-3',
      '10.213.120.3 cache',
      '10.213.120.2 my-db',
      'nameserver 192.0.2.53',
      'search example.com example.org',
      '',
    ])
  })

  it('lead to a service that listens', async () => {
    const steps = [
      service('web', ['mkdir www && echo served > www/page', 'httpd -f -p 8080 -h www'], {
        healthcheck: health({ port: 8080 }),
      }),
      step('get', ['wget -q -O - http://web:8080/page'], { dependsOn: ['web'] }),
    ]
    const { sink, outcome } = await runJob(host, makeJob(steps))
    expect(outcome).toEqual({ status: 'success', error: '' })
    expect(sink.log('get')).toContain('\nserved\n')
  })

  it('lead nowhere without a network', async () => {
    const steps = [
      service('web', ['mkdir www && echo served > www/page', 'httpd -f -p 8080 -h www'], {
        healthcheck: health({ port: 8080 }),
      }),
      step('get', ['cat /etc/hosts', 'wget -q -O - http://127.0.0.1:8080/page'], {
        dependsOn: ['web'],
        network: 'none',
      }),
    ]
    const { sink, outcome } = await runJob(host, makeJob(steps))
    expect(outcome.status).toBe('failure')
    expect(sink.log('get')).not.toContain(' web\n')
    expect(sink.log('get')).not.toContain('\nserved\n')
  })
})

function health(more: object): NonNullable<ReturnType<typeof step>['healthcheck']> {
  return { intervalMs: 50, timeoutMs: 1000, retries: 100, startPeriodMs: 0, ...more }
}
