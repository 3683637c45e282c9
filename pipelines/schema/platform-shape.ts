import { mapped } from './combinators.js'
import { type Keys, object } from './object.js'
import { LINE, text } from './scalars.js'
import { quote } from '../diagnostics/quote.js'
import { typoOf } from '../diagnostics/did-you-mean.js'

const SYSTEMS = [
  'linux',
  'windows',
  'darwin',
  'freebsd',
  'netbsd',
  'openbsd',
  'dragonfly',
  'solaris',
]

const PROCESSORS = [
  ...['amd64', 'arm64', 'arm', '386', 'ppc64le', 'ppc64', 's390x', 'riscv64', 'loong64'],
  ...['mips', 'mipsle', 'mips64', 'mips64le'],
]

/** Other names of processors. */
const SYNONYMS: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  x64: 'amd64',
  aarch64: 'arm64',
  armv7: 'arm',
  armhf: 'arm',
  i386: '386',
  macos: 'darwin',
  osx: 'darwin',
}

/** A name of Go's for a system or processor: any other is taken, and waits for its runner in vain. */
function known(names: readonly string[]) {
  return mapped(text(LINE), (name, node, { reporter }, where) => {
    if (names.includes(name.value)) return name
    const meant = SYNONYMS[name.value] ?? typoOf(name.value, names)
    const hint = meant !== undefined && names.includes(meant) ? `write \`${meant}\`` : undefined
    const message = `no runner has the ${where} ${quote(name.value)}`
    reporter.warning('SP_PIPELINE_VALUE', node.span, message, hint)
    return name
  })
}

const PLATFORM_KEYS = {
  os: {
    shape: known(SYSTEMS),
    default: 'linux',
    description: 'Operating system, by the name that Go has for it.',
  },
  arch: {
    shape: known(PROCESSORS),
    default: 'amd64',
    description: 'Processor, by the name that Go has for it: `amd64`, `arm64`, ...',
  },
  variant: { shape: text(LINE), description: 'Variant of the processor, e.g. `v7`.' },
  version: {
    shape: text(LINE),
    description: 'Version of the operating system, for images that need a certain one.',
  },
} satisfies Keys

/** What a pipeline runs on. */
export const PLATFORM = object(PLATFORM_KEYS)
