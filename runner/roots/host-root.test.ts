import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { execFile } from 'node:child_process'
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  realpath,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { prepareHostRoot } from './host-root.js'

const run = promisify(execFile)

let directory = ''
let host = ''
let roots = ''

beforeEach(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'sandpiper-roots-')))
  host = join(directory, 'host')
  roots = join(directory, 'roots')
  await put('etc/ld.so.cache', 'cache')
  await put('usr/bin/tool', '#!/bin/sh\n')
  await symlink('usr/bin', join(host, 'bin'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

async function put(name: string, content: string, mode = 0o644): Promise<void> {
  await mkdir(dirname(join(host, name)), { recursive: true })
  await writeFile(join(host, name), content)
  await chmod(join(host, name), mode)
}

describe('prepareHostRoot on a made-up host', () => {
  it('takes from /etc what is meant for everyone, and nothing else', async () => {
    await put('etc/ssl/certs/ca.crt', 'certificate')
    await symlink('ca.crt', join(host, 'etc/ssl/certs/hash.0'))
    await put('etc/ssl/private/key.pem', 'SECRET')
    await put('etc/ssl/certs/hidden.pem', 'SECRET', 0o600)
    await put('etc/java-17-openjdk/security/java.security', 'config')
    await put('etc/java-17-openjdk/management/jmxremote.password', 'SECRET', 0o600)
    await put('etc/perl/closed/file', 'SECRET')
    await chmod(join(host, 'etc/perl/closed'), 0o750)
    await put('etc/python3.11/setuid', 'x', 0o4755)
    await symlink('/etc/shadow', join(host, 'etc/alternatives'))
    const secrets = [
      ...['shadow', 'gshadow', 'passwd', 'group', 'hosts', 'hostname', 'machine-id', 'sudoers'],
      ...['ssh/ssh_host_rsa_key', 'resolv.conf', 'gitconfig', 'pip.conf', 'npmrc', 'environment'],
      ...[
        'profile',
        'nsswitch.conf',
        'fstab',
        'krb5.keytab',
        'apt/auth.conf',
        'maven/settings.xml',
      ],
    ]
    for (const name of secrets) await put(`etc/${name}`, `SECRET of ${name}`)
    const { lower } = await prepareHostRoot(roots, { host })
    await expect(run('grep', ['-r', 'SECRET', lower])).rejects.toMatchObject({ code: 1 })
    const read = (name: string): Promise<string> => readFile(join(lower, 'etc', name), 'utf8')
    expect(await read('ssl/certs/ca.crt')).toBe('certificate')
    expect(await readlink(join(lower, 'etc/ssl/certs/hash.0'))).toBe('ca.crt')
    expect(await readlink(join(lower, 'etc/alternatives'))).toBe('/etc/shadow')
    expect(await read('java-17-openjdk/security/java.security')).toBe('config')
    expect((await lstat(join(lower, 'etc/python3.11/setuid'))).mode & 0o7777).toBe(0o755)
    expect(await read('passwd')).toMatch(/^root:x:0:0:.*\n(?:.*\n)*build:x:1000/)
    expect((await readdir(join(lower, 'etc'))).sort()).not.toContain('shadow')
  })

  it('links or binds /bin and its like as the host has them', async () => {
    await put('lib/ld.so', 'x')
    const { lower, binds } = await prepareHostRoot(roots, { host })
    expect(await readlink(join(lower, 'bin'))).toBe('usr/bin')
    expect((await lstat(join(lower, 'lib'))).isDirectory()).toBe(true)
    expect(binds).toEqual(
      ['usr', 'lib'].map((name) => ({
        source: join(host, name),
        target: `/${name}`,
        readOnly: true,
        idMapped: false,
      })),
    )
  })

  it('covers configuration below /usr with an empty directory, after /usr itself', async () => {
    await put('usr/local/etc/npmrc', 'SECRET')
    await symlink('../etc', join(host, 'usr/etc'))
    const { lower, binds } = await prepareHostRoot(roots, { host })
    const cover = binds.find(({ target }) => target === '/usr/local/etc')
    expect(cover).toMatchObject({ readOnly: true, source: join(lower, 'mnt') })
    expect(await readdir(cover!.source)).toEqual([])
    expect(binds.map(({ target }) => target)).toEqual(['/usr', '/usr/local/etc'])
  })

  it('has the modes that programs expect', async () => {
    const { lower } = await prepareHostRoot(roots, { host })
    const mode = async (name: string): Promise<number> =>
      (await lstat(join(lower, name))).mode & 0o7777
    for (const name of ['tmp', 'var/tmp', 'run/lock']) expect(await mode(name)).toBe(0o1777)
    for (const name of ['.', 'etc', 'home', 'usr', 'dev']) expect(await mode(name)).toBe(0o755)
    expect(await mode('root')).toBe(0o700)
    expect(await mode('etc/passwd')).toBe(0o644)
  })

  it('is made once, and anew when a file of the host has changed', async () => {
    const first = await prepareHostRoot(roots, { host })
    const made = (await lstat(first.lower)).ino
    const again = await prepareHostRoot(roots, { host })
    expect([again.lower, (await lstat(again.lower)).ino]).toEqual([first.lower, made])
    await put('etc/ld.so.cache', 'other')
    const second = await prepareHostRoot(roots, { host })
    expect(second.lower).not.toBe(first.lower)
    expect(await readFile(join(second.lower, 'etc/ld.so.cache'), 'utf8')).toBe('other')
    await put('etc/perl/new', 'x')
    const third = await prepareHostRoot(roots, { host })
    expect(third.lower).not.toBe(second.lower)
    await put('etc/unrelated', 'x')
    expect((await prepareHostRoot(roots, { host })).lower).toBe(third.lower)
  })

  it('is made once by many at the same time, also over the remains of a killed one', async () => {
    await mkdir(join(roots, 'new/etc'), { recursive: true })
    const all = await Promise.all([0, 1, 2, 3].map(() => prepareHostRoot(roots, { host })))
    expect(new Set(all.map(({ lower }) => lower)).size).toBe(1)
    expect(await readdir(roots)).toHaveLength(1)
  })
})

describe('prepareHostRoot on this host', () => {
  it('runs the tools of the host, without their site configuration', async () => {
    const { lower, binds, env } = await prepareHostRoot(roots)
    const mounts = binds.map(({ source, target }) => `mount --rbind ${source} ${lower}${target}`)
    mounts.push(`mount --rbind /dev ${lower}/dev`)
    const tools = [
      'id -un',
      'git --version | cut -d" " -f1',
      'perl -e "print qq(perl\\n)"',
      'tar --version | head -c 3',
      'echo; find /usr/local/etc /usr/etc -mindepth 1 2>/dev/null | wc -l',
    ]
    const script = `${mounts.join(' && ')} && chroot ${lower} /bin/bash -ec '${tools.join('; ')}'`
    const { stdout } = await run('unshare', ['--mount', 'sh', '-ec', script], { env: { ...env } })
    expect(stdout).toBe('root\ngit\nperl\ntar\n0\n')
  })

  it('does not tell the name of the host', async () => {
    const { lower } = await prepareHostRoot(roots)
    const word = hostname()
    const files = ['etc/hosts', 'etc/hostname', 'etc/resolv.conf', 'etc/profile', 'etc/passwd']
    for (const name of files.filter(() => word !== 'localhost')) {
      expect(await readFile(join(lower, name), 'utf8')).not.toContain(word)
    }
    const found = await readdir(join(lower, 'etc'))
    for (const name of ['shadow', 'ssh', 'sudoers', 'machine-id']) expect(found).not.toContain(name)
  })
})
