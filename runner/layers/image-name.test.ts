import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { parseImageName } from './image-name.js'

describe('parseImageName', () => {
  it('knows the short forms', () => {
    const same = [
      'busybox',
      'busybox:latest',
      'library/busybox',
      'docker.io/library/busybox:latest',
    ]
    for (const name of [...same, 'docker.io/busybox', 'index.docker.io/busybox']) {
      expect(parseImageName(name)).toMatchObject({
        canonical: 'docker.io/library/busybox:latest',
        familiar: 'busybox:latest',
      })
    }
    expect(parseImageName('ada/tool:1').familiar).toBe('ada/tool:1')
    expect(parseImageName('localhost/x').canonical).toBe('localhost/x:latest')
    expect(parseImageName('r.example.org:5000/a/b__c-d:v1.2').canonical).toBe(
      'r.example.org:5000/a/b__c-d:v1.2',
    )
  })

  it('tells registry, repository, tag and digest apart', () => {
    const digest = `sha256:${'a1'.repeat(32)}`
    expect(parseImageName('localhost:5000/a/b:v1')).toMatchObject({
      ...{ registry: 'localhost:5000', repository: 'a/b', tag: 'v1', digest: null },
    })
    expect(parseImageName(`golang:1.23@${digest}`)).toEqual({
      ...{ registry: 'docker.io', repository: 'library/golang', tag: '1.23', digest },
      canonical: `docker.io/library/golang@${digest}`,
      familiar: `golang@${digest}`,
    })
    expect(parseImageName(`golang@${digest}`).tag).toBeNull()
  })

  it('refuses what is no name', () => {
    const bad = [
      ...[
        '',
        'Busybox',
        'a b',
        '../x',
        '/x',
        'x/',
        'a//b',
        'x:',
        ':x',
        'x:-a',
        '-x',
        'x@sha256:00',
      ],
      ...[
        'a/../b',
        'x:a/b',
        'x:\n',
        `x:${'a'.repeat(129)}`,
        'a'.repeat(200),
        'exa_mple.org/x',
        '.x',
      ],
    ]
    for (const name of bad) {
      expect(() => parseImageName(name)).toThrow(expect.objectContaining({ code: 'SP_IMAGE_NAME' }))
    }
  })

  it('says what to leave out of an address', () => {
    expect(() => parseImageName('https://r.example.org/a/b')).toThrow('leave out')
  })

  it('gives names that mean the same when read again, and are file names when escaped', () => {
    const part = fc.stringMatching(/^[a-z0-9]{1,5}([._-][a-z0-9]{1,3})?$/)
    const name = fc.tuple(fc.array(part, { minLength: 1, maxLength: 3 }), part)
    fc.assert(
      fc.property(name, ([path, tag]) => {
        const { canonical, familiar } = parseImageName(`${path.join('/')}:${tag}`)
        expect(parseImageName(canonical).canonical).toBe(canonical)
        expect(parseImageName(familiar).canonical).toBe(canonical)
        expect(encodeURIComponent(canonical)).toMatch(/^[^/]{1,250}$/)
      }),
    )
  })
})
