import { existsSync, readdirSync } from 'node:fs'
import { phase, say, SetupError } from './report.mjs'
import { must, run, which } from './run.mjs'

/** Debian packages by what needs them. The reason is shown before anything is installed. */
export const PACKAGES = {
  run: {
    git: 'checks out what is to be built',
    'redis-server': 'the queue between server and runner (a private child process, no service)',
    'busybox-static': 'an image to run steps in, without a registry',
    'util-linux': 'setpriv and flock',
    uidmap: 'newuidmap and newgidmap, which let an ordinary user make sandboxes',
    passt: 'pasta, which connects the network of a stage with the outside',
    nftables: 'nft, which keeps steps from the host and from what they may not reach',
    iproute2: 'ip, which connects services with their stage',
  },
  build: {
    'g++': 'compiles the sandbox launcher and the addon',
    make: 'drives that build',
    'libseccomp-dev': 'system call filter of the sandbox',
    'libzstd-dev': 'unpacks image layers that are packed with zstd',
  },
  vm: {
    'qemu-system-x86': 'boots the kernel that the sandbox is tested on with cgroup v2 alone',
    e2fsprogs: "makes that machine's disk",
  },
  compare: {
    bubblewrap: 'the benchmark and some tests compare with it',
    runc: 'the benchmark and some tests compare with it',
    'postgresql-15': 'the tests of what is stored run on it as well as on SQLite',
    'docker-registry': 'a registry on loopback, for tests and benchmarks of images',
    skopeo: 'fills that registry; the benchmark compares with it',
    umoci: 'unpacks images for tests and benchmarks to compare with',
    buildah: 'builds images for tests to compare with',
    podman: 'the benchmark compares with its pull',
    zstd: 'packs layers for tests',
    mmdebstrap: 'makes an image of Debian for tests and benchmarks',
    openssl: 'makes certificates for tests',
    'nginx-light': 'the example configuration is tried with it',
    caddy: 'the example configuration is tried with it',
    systemd: 'checks the example units',
  },
  check: {
    'clang-tidy': 'looks for mistakes in the C++ code',
    'clang-format': 'checks the style of the C++ code',
    chromium: 'opens the pages of the server in tests',
  },
}

/** Installs what is missing of the named groups; says so first. @returns the names it installed */
export async function installPackages(groups) {
  const wanted = Object.assign({}, ...groups.map((group) => PACKAGES[group]))
  const missing = await missingPackages(Object.keys(wanted))
  if (missing.length === 0) return []
  say(`Debian packages to install:`)
  for (const name of missing) say(`  ${name.padEnd(16)} ${wanted[name]}`)
  const apt = aptCommand(missing)
  await refuseRemovals(apt, missing)
  await phase(`apt-get install ${missing.join(' ')}`, () => withoutService(apt, missing))
  const still = await missingPackages(missing)
  if (still.length > 0) {
    throw new SetupError(`still missing after the installation: ${still.join(' ')}`)
  }
  return missing
}

async function missingPackages(names) {
  if (!which('dpkg-query')) {
    throw new SetupError('this is no Debian: dpkg-query is not there', {
      hint: `on another Linux install the equivalents of: ${names.join(' ')}; then run with SANDPIPER_SETUP_PACKAGES=skip`,
    })
  }
  const { output } = await run('dpkg-query', [
    '-W',
    '-f',
    '${Package} ${db:Status-Status}\\n',
    ...names,
  ])
  const lines = new Set(output.split('\n'))
  return names.filter((name) => !lines.has(`${name} installed`))
}

/** The argv prefix that runs apt-get with the rights it needs. */
function aptCommand(missing) {
  const root = process.getuid() === 0
  if (!root && !which('sudo')) {
    throw new SetupError('installing Debian packages needs root, and there is no sudo here', {
      hint: `as root: apt-get update && apt-get install -y --no-install-recommends ${missing.join(' ')}`,
    })
  }
  const environment = ['env', 'DEBIAN_FRONTEND=noninteractive', 'LC_ALL=C.UTF-8']
  return root ? environment : ['sudo', ...environment]
}

async function aptInstall(apt, missing) {
  const lists = existsSync('/var/lib/apt/lists')
    ? readdirSync('/var/lib/apt/lists').some(
        (name) => name.endsWith('_Packages') || name.includes('_Packages.'),
      )
    : false
  if (!lists) await aptUpdate(apt)
  const args = installArguments(missing)
  const first = await run(apt[0], [...apt.slice(1), ...args])
  if (first.code === 0) return
  // Stale package lists name files that the mirror no longer has: one refresh, then it has to work.
  await aptUpdate(apt)
  await must(apt[0], [...apt.slice(1), ...args], {
    what: 'apt-get install',
    hint: `see why by hand: ${process.getuid() === 0 ? '' : 'sudo '}apt-get install ${missing.join(' ')}`,
  })
}

function aptUpdate(apt) {
  return must(apt[0], [...apt.slice(1), 'apt-get', 'update', '-q'], {
    what: 'apt-get update',
    hint: 'check /etc/apt/sources.list and the network of this machine',
  })
}

function installArguments(missing) {
  return [
    ...['apt-get', 'install', '-y', '-q', '--no-install-recommends'],
    ...['-o', 'DPkg::Lock::Timeout=300', ...missing],
  ]
}

/** Only `busybox` may go (busybox-static provides and replaces it); nothing else of the machine's may. */
async function refuseRemovals(apt, missing) {
  const { output } = await run('apt-get', ['install', '-s', '--no-install-recommends', ...missing])
  const removed = [...output.matchAll(/^Remv (\S+)/gm)].map((match) => match[1])
  if (removed.includes('busybox')) say('  (busybox-static takes the place of busybox)')
  const others = removed.filter((name) => name !== 'busybox')
  if (others.length > 0) {
    throw new SetupError(`apt-get would remove packages of this machine: ${others.join(' ')}`, {
      hint: `settle it by hand: ${apt[0] === 'sudo' ? 'sudo ' : ''}apt-get install ${missing.join(' ')}`,
    })
  }
}

/** Packages with a service that Debian starts when they are installed, and at every boot. */
const SERVICES = {
  'redis-server': 'redis-server.service',
  'docker-registry': 'docker-registry.service',
  'postgresql-15': 'postgresql.service',
  'nginx-light': 'nginx.service',
  caddy: 'caddy.service',
}

/**
 * Sandpiper and its tests run private ones, so the units are masked during the installation only and left
 * disabled; both are said.
 */
async function withoutService(apt, missing) {
  const units = existsSync('/run/systemd/system')
    ? missing.flatMap((name) => SERVICES[name] ?? [])
    : []
  if (units.length === 0) return aptInstall(apt, missing)
  const systemctl = (...args) => run(apt[0], [...apt.slice(1), 'systemctl', ...args])
  await systemctl('mask', '--runtime', ...units)
  try {
    await aptInstall(apt, missing)
  } finally {
    await systemctl('unmask', '--runtime', ...units)
  }
  for (const unit of units) {
    await systemctl('disable', unit)
    const active = await run('systemctl', ['is-active', '--quiet', unit])
    say(
      active.code === 0
        ? `  note: Debian started ${unit}; Sandpiper doesn't need it: systemctl disable --now ${unit}`
        : `  note: ${unit} is left stopped and disabled; Sandpiper runs its own`,
    )
  }
}
