import type { Platform } from '../types.js'

/** Other words for architectures (containerd's platforms package knows the same). */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  x64: 'amd64',
  i386: '386',
  i686: '386',
  ia32: '386',
  aarch64: 'arm64',
  armhf: 'arm',
  ppc64el: 'ppc64le',
}

/** Variants that an architecture has when none is named. */
const USUAL_VARIANTS: Readonly<Record<string, string>> = { amd64: 'v1', arm64: 'v8', arm: 'v7' }

/** The platform with its usual words: `x86_64` is `amd64`, and has a variant like every other. */
export function normalizePlatform({ os, architecture, variant }: Platform): Platform {
  const word = architecture.toLowerCase()
  const usual = ARCHITECTURES[word] ?? word
  const named = variant?.toLowerCase().replace(/^(?=\d)/, 'v') ?? ''
  const whole = named === '' ? USUAL_VARIANTS[usual] : named
  return {
    os: os.toLowerCase(),
    architecture: usual,
    ...(whole === undefined ? {} : { variant: whole }),
  }
}

/** This machine's platform; its programs run on it as they are. */
export function ownPlatform(): Platform {
  const armVersion = (process.config.variables as { readonly arm_version?: string }).arm_version
  const variant = process.arch === 'arm' && armVersion ? { variant: `v${armVersion}` } : {}
  const architecture = ARCHITECTURES[process.arch] ?? process.arch
  return { os: process.platform, architecture, ...variant }
}

/**
 * How well an image for `offered` fits: 0 is best; null for not at all. A machine runs programs of older
 * variants of its architecture (arm v7 those of v6 and v5). Programs of another architecture that a processor
 * might run too (386 on amd64, arm on arm64) do not fit: sandboxes let no foreign system calls through.
 */
export function fitOf(offered: Platform, wanted: Platform): number | null {
  const offer = normalizePlatform(offered)
  const want = normalizePlatform(wanted)
  if (offer.os !== want.os || offer.architecture !== want.architecture) return null
  if (offer.variant === want.variant) return 0
  const distance = variantNumber(want.variant) - variantNumber(offer.variant)
  return distance > 0 ? distance : null
}

/** e.g. `linux/arm/v7`; `linux/amd64`, without the variant that goes without saying. */
export function showPlatform({ os, architecture, variant }: Platform): string {
  const isUsual = architecture !== 'arm' && variant === USUAL_VARIANTS[architecture]
  return [os, architecture, ...(variant === undefined || isUsual ? [] : [variant])].join('/')
}

/** NaN, which fits nothing, for variants without numbers. */
function variantNumber(variant: string | undefined): number {
  const match = /^v(\d+)(?:\.(\d+))?$/.exec(variant ?? '')
  return match ? Number(match[1]) + Number(match[2] ?? 0) / 100 : NaN
}
