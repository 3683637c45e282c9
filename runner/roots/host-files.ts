/** Names in the host's root that are links on merged-/usr systems and directories on others. */
export const USR_PARTS = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'] as const

/**
 * What is copied from the host's /etc, where anyone may read it: how to find libraries, programs and
 * certificates, and facts of the distribution. Nothing that names the host, its users or its secrets.
 */
export const COPIED = [
  ...['alternatives', 'ca-certificates.conf', 'debian_version', 'fonts', 'gai.conf', 'host.conf'],
  ...['inputrc', 'ld.so.cache', 'ld.so.conf', 'ld.so.conf.d', 'locale.alias', 'localtime'],
  ...['lsb-release', 'magic', 'magic.mime', 'maven/m2.conf', 'maven/logging', 'mime.types'],
  ...['os-release', 'perl', 'pki/ca-trust', 'pki/tls/certs', 'pki/tls/cert.pem', 'protocols'],
  ...['redhat-release', 'rpc', 'services', 'ssl/certs', 'ssl/openssl.cnf', 'terminfo', 'timezone'],
] as const

/** More of the same, by pattern: configuration of language run-times, one directory for each version. */
export const COPIED_PATTERN = /^(?:java|java-\d[\w.-]*|python\d[\d.]*|ImageMagick-\d+)$/

/**
 * Configuration below the host's /usr, e.g. /usr/etc/npmrc, in which access tokens are kept: an empty
 * directory is shown instead.
 */
export const COVERED = ['usr/local/etc', 'usr/etc'] as const

/** Directories of the skeleton that are not there to be bound over, with their modes. */
export const DIRECTORIES: Readonly<Record<string, number>> = {
  dev: 0o755,
  etc: 0o755,
  home: 0o755,
  mnt: 0o755,
  opt: 0o755,
  proc: 0o555,
  root: 0o700,
  run: 0o755,
  'run/lock': 0o1777,
  srv: 0o755,
  sys: 0o555,
  tmp: 0o1777,
  usr: 0o755,
  var: 0o755,
  'var/cache': 0o755,
  'var/lib': 0o755,
  'var/log': 0o755,
  'var/tmp': 0o1777,
}

export const LINKS: Readonly<Record<string, string>> = {
  'etc/mtab': '../proc/self/mounts',
  'var/lock': '/run/lock',
  'var/run': '/run',
}

/** Files that are ours: the host's own say too much. */
export const FILES: Readonly<Record<string, string>> = {
  'etc/passwd': `root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
build:x:1000:1000:build:/home/build:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
`,
  'etc/group': `root:x:0:
daemon:x:1:
tty:x:5:
users:x:100:
build:x:1000:
nogroup:x:65534:
`,
  'etc/nsswitch.conf': `passwd: files
group: files
hosts: files dns
networks: files
protocols: files
services: files
`,
  'etc/hosts': `127.0.0.1 localhost
::1 localhost ip6-localhost ip6-loopback
`,
  'etc/hostname': 'localhost\n',
  'etc/resolv.conf': '',
  'etc/shells': '/bin/sh\n/bin/bash\n',
  'etc/profile': `PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
`,
}

/** What a program on this root finds in its environment. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LANG: 'C.UTF-8',
}
