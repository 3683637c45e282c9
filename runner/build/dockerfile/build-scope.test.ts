import { describe, expect, it } from '@jest/globals'
import { baseOf, buildScope, fromOf, platformOf, targetStage } from './build-scope.js'
import { parseDockerfile } from './parse-dockerfile.js'

const TEXT = `ARG V=1
ARG BASE=node:$V
FROM --platform=$BUILDPLATFORM $BASE AS Build
FROM scratch AS tools
FROM build
FROM \${NOTHING}
`

function open(args: Record<string, string> = {}) {
  const dockerfile = parseDockerfile(TEXT, 'Dockerfile')
  const given = new Map(Object.entries(args))
  return { dockerfile, scope: buildScope(dockerfile, { args: given, platform: 'linux/amd64' }) }
}

describe('buildScope', () => {
  it('finds what each stage is built on', () => {
    const { dockerfile, scope } = open()
    expect(baseOf(dockerfile, 0, scope)).toEqual({ kind: 'image', name: 'node:1' })
    expect(baseOf(dockerfile, 1, scope)).toEqual({ kind: 'scratch' })
    expect(baseOf(dockerfile, 2, scope)).toEqual({ kind: 'stage', index: 0 })
    expect(() => baseOf(dockerfile, 3, scope)).toThrow(
      'Dockerfile:6: FROM ${NOTHING} names nothing',
    )
    const given = open({ V: '2' })
    expect(baseOf(given.dockerfile, 0, given.scope)).toEqual({ kind: 'image', name: 'node:2' })
  })

  it('finds what --from names: earlier stages by name and number, else images', () => {
    const { dockerfile } = open()
    expect(fromOf(dockerfile, 'BUILD', 2)).toEqual({ kind: 'stage', index: 0 })
    expect(fromOf(dockerfile, '1', 2)).toEqual({ kind: 'stage', index: 1 })
    expect(fromOf(dockerfile, 'tools', 1)).toEqual({ kind: 'image', name: 'tools' })
    expect(fromOf(dockerfile, 'nginx:1', 2)).toEqual({ kind: 'image', name: 'nginx:1' })
  })

  it('finds the wanted stage, and says which there are', () => {
    const { dockerfile } = open()
    expect(targetStage(dockerfile, '')).toBe(3)
    expect(targetStage(dockerfile, 'TOOLS')).toBe(1)
    expect(targetStage(dockerfile, '0')).toBe(0)
    expect(() => targetStage(dockerfile, 'tool')).toThrow(
      expect.objectContaining({ code: 'SP_BUILD_TARGET', hint: 'Did you mean tools?' }),
    )
  })

  it('replaces variables in platforms', () => {
    const { dockerfile, scope } = open()
    const [first] = dockerfile.stages
    expect(first && platformOf(first, scope)).toBe('linux/amd64')
  })
})
