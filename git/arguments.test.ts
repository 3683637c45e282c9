import { describe, expect, it } from '@jest/globals'
import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { branchOf, checkCommit, checkPath, isRef, normalizeDepth } from './arguments.js'

function gitAccepts(ref: string): boolean {
  try {
    execFileSync('git', ['check-ref-format', ref], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe('arguments to git', () => {
  it('takes whole object ids only', () => {
    expect(() => checkCommit('a'.repeat(40))).not.toThrow()
    expect(() => checkCommit('0'.repeat(64))).not.toThrow()
    for (const bad of ['', 'main', 'HEAD', 'A'.repeat(40), 'a'.repeat(39), `${'a'.repeat(40)}\n`]) {
      expect(() => checkCommit(bad)).toThrow(expect.objectContaining({ code: 'SP_GIT_REFUSED' }))
    }
  })

  it('takes the refs that git takes, below refs/ only', () => {
    const good = [
      'refs/heads/main',
      'refs/heads/-x',
      'refs/pull/1/head',
      'refs/heads/ä@b',
      'refs/a/b',
    ]
    const bad = [
      ...[
        'main',
        'HEAD',
        'refs/heads/',
        'refs//x',
        'refs/heads/a..b',
        'refs/heads/.a',
        'refs/h/a.lock',
      ],
      ...['refs/heads/a.', 'refs/heads/a b', 'refs/heads/a:b', 'refs/heads/a*', 'refs/heads/a\\b'],
      ...[
        'refs/heads/@{1}',
        'refs/heads/a^',
        'refs/heads/a~1',
        'refs/heads/a\u0001',
        'refs/heads/[a',
      ],
    ]
    for (const ref of good) expect([ref, isRef(ref), gitAccepts(ref)]).toEqual([ref, true, true])
    for (const ref of bad) expect([ref, isRef(ref)]).toEqual([ref, false])
    for (const ref of bad.slice(2)) expect([ref, gitAccepts(ref)]).toEqual([ref, false])
  })

  it('never takes a ref that git refuses', () => {
    const part = fc.stringMatching(/^[a@{}.~:*\\/\-lock ]{0,8}$/)
    fc.assert(
      fc.property(part, (tail) => {
        const ref = `refs/heads/${tail}`
        expect(isRef(ref)).toBe(gitAccepts(ref))
      }),
      { numRuns: 60 },
    )
  })

  it('names the branch of a branch ref only', () => {
    expect(branchOf('refs/heads/a/b')).toBe('a/b')
    for (const ref of [
      'refs/tags/v1',
      'refs/heads/-f',
      'refs/heads/HEAD',
      undefined,
      'refs/heads/a..b',
    ]) {
      expect(branchOf(ref)).toBeNull()
    }
  })

  it('takes plain relative paths only', () => {
    expect(() => checkPath('a/.b/c d')).not.toThrow()
    for (const bad of ['', '/a', 'a/', 'a//b', '../a', 'a/../b', './a', 'a\nb', 'a\0b']) {
      expect(() => checkPath(bad)).toThrow(expect.objectContaining({ code: 'SP_GIT_REFUSED' }))
    }
  })

  it('reads depth 0 as all and refuses what is no count', () => {
    expect(normalizeDepth(0)).toBeGreaterThan(1e9)
    expect(normalizeDepth(7)).toBe(7)
    for (const bad of [-1, 1.5, NaN]) expect(() => normalizeDepth(bad)).toThrow('not a depth')
  })
})
