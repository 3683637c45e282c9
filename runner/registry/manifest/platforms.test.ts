import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { checkPlatform } from './check-platform.js'
import { candidates } from './choose.js'
import { parseManifest, Unusable, type IndexEntry } from './parse.js'
import { fitOf, ownPlatform, showPlatform } from './platforms.js'
import type { Platform } from '../types.js'

function platform(text: string): Platform {
  const [os = '', architecture = '', variant] = text.split('/')
  return { os, architecture, ...(variant === undefined ? {} : { variant }) }
}

test.each<[string, string, number | null]>([
  ['linux/amd64', 'linux/amd64', 0],
  ['linux/x86_64', 'linux/amd64', 0],
  ['linux/amd64/v1', 'linux/amd64', 0],
  ['linux/amd64', 'linux/amd64/v3', 2],
  ['linux/amd64/v3', 'linux/amd64', null],
  ['linux/arm64', 'linux/arm64/v8', 0],
  ['linux/arm64/v8', 'linux/aarch64', 0],
  ['linux/arm/v7', 'linux/arm', 0],
  ['linux/arm/v6', 'linux/arm/v7', 1],
  ['linux/arm/v5', 'linux/arm/v7', 2],
  ['linux/arm/v7', 'linux/arm/v6', null],
  ['linux/arm/7', 'linux/arm/v7', 0],
  ['linux/386', 'linux/amd64', null],
  ['linux/arm/v7', 'linux/arm64', null],
  ['windows/amd64', 'linux/amd64', null],
  ['linux/riscv64', 'linux/riscv64', 0],
  ['linux/amd64/weird', 'linux/amd64', null],
])('An image for %s fits %s: %s', (offered, wanted, fit) => {
  expect(fitOf(platform(offered), platform(wanted))).toBe(fit)
})

test('Of several variants the nearest is taken, and attestations never are', () => {
  const entry = (text: string, isAttestation = false): IndexEntry => ({
    ...{ mediaType: 'm', digest: text, size: 1, platform: platform(text), isAttestation },
  })
  const entries = [entry('linux/arm/v5'), entry('linux/arm/v7', true), entry('linux/arm/v6')]
  const chosen = candidates(entries, platform('linux/arm/v7'))
  expect(chosen.map(({ digest }) => digest)).toEqual(['linux/arm/v6'])
})

test('A platform is shown without the variant that goes without saying', () => {
  expect(showPlatform(platform('linux/amd64/v1'))).toBe('linux/amd64')
  expect(showPlatform(platform('linux/arm/v7'))).toBe('linux/arm/v7')
  expect(fitOf(ownPlatform(), ownPlatform())).toBe(0)
})

test('A configuration that is for another platform is refused, one that says nothing is not', () => {
  const check = (config: unknown) => (): void => {
    checkPlatform(config, 'app:1', platform('linux/amd64'))
  }
  expect(check({ os: 'linux', architecture: 's390x' })).toThrow(
    'app:1 has no image for linux/amd64; it has linux/s390x',
  )
  expect(check({ os: 'linux', architecture: 'amd64' })).not.toThrow()
  expect(check({})).not.toThrow()
  expect(check(null)).not.toThrow()
})

test('A manifest is read, or is unusable, whatever is in it', () => {
  const digest = `sha256:${'a'.repeat(64)}`
  const descriptor = fc.record(
    {
      mediaType: fc.oneof(fc.constant('application/vnd.oci.image.config.v1+json'), fc.anything()),
      digest: fc.oneof(fc.constant(digest), fc.anything()),
      size: fc.oneof(fc.nat(), fc.anything()),
      platform: fc.anything(),
      annotations: fc.anything(),
    },
    { requiredKeys: [] },
  )
  const manifest = fc.record(
    {
      schemaVersion: fc.constantFrom<unknown>(1, 2, '2', null),
      mediaType: fc.anything(),
      config: fc.oneof(descriptor, fc.anything()),
      layers: fc.oneof(fc.array(descriptor), fc.anything()),
      manifests: fc.oneof(fc.array(descriptor), fc.anything()),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(fc.oneof(manifest, fc.anything()), fc.option(fc.string()), (value, type) => {
      try {
        parseManifest(Buffer.from(JSON.stringify([value]).slice(1, -1)), type)
      } catch (error) {
        expect(error).toBeInstanceOf(Unusable)
      }
    }),
  )
})
