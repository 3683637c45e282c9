import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  checkBranchName,
  checkHookSecret,
  checkRepoLink,
  checkRepoName,
  isLocalCloneUrl,
} from './repo-rules.js'

const INVALID = expect.objectContaining({ code: 'SP_REPO_INVALID' })

describe('a clone URL', () => {
  it.each([
    'https://example.org/o/n.git',
    'http://127.0.0.1:3000/o/n',
    'https://[::1]/o/n',
    'ssh://git@example.org:2222/o/n.git',
    'git://example.org/o/n',
    'git@example.org:o/n.git',
    'git@[::1]:o/n.git',
  ])('%s is a remote one', (url) => {
    expect(isLocalCloneUrl(url)).toBe(false)
  })

  it.each(['/srv/git/n.git', 'file:///srv/git/n.git'])('%s is a local one', (url) => {
    expect(isLocalCloneUrl(url)).toBe(true)
  })

  it.each([
    '',
    '-oProxyCommand=x',
    '--upload-pack=touch /tmp/x',
    'ext::sh -c id',
    'fd::7',
    'ftp://example.org/x',
    'file://host/srv/x',
    'relative/path',
    './x',
    'https://example.org/o\nn',
    'https://example.org/o n',
    'https://-oProxyCommand=x/y',
    'ssh://-oProxyCommand=x/y',
    'ssh://-oProxyCommand=x@example.org/y',
    'ssh://%2doProxyCommand=x@example.org/y',
    'git@-oProxyCommand=x:y',
    '-oProxyCommand@example.org:y',
    'git@example.org:-x',
    'git@example.org::x',
    'https://exam\u202eple.org/x',
    `https://example.org/${'x'.repeat(3000)}`,
    'transport::https://example.org/x',
    'javascript:alert(1)',
  ])('%j is refused', (url) => {
    expect(() => isLocalCloneUrl(url)).toThrow(INVALID)
  })

  it('with credentials in it is refused, and the message does not tell them', () => {
    for (const url of ['https://user:hunter2@example.org/x', 'https://hunter2@example.org/x']) {
      expect(() => isLocalCloneUrl(url)).toThrow(INVALID)
      expect(() => isLocalCloneUrl(url)).not.toThrow(/hunter2/)
    }
  })

  it('is never anything that git would run a helper or an option for', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const url of [text, `ext::${text}`, `-${text}`, `x::${text}`]) {
          try {
            isLocalCloneUrl(url)
          } catch {
            continue
          }
          expect(url).not.toMatch(/^(-|[^/@]*::)/)
        }
      }),
    )
  })
})

describe('names', () => {
  it.each(['a', 'A.b-c_d', '...', 'x'.repeat(100)])('%s is one', (name) => {
    expect(() => checkRepoName('name', name)).not.toThrow()
  })
  it.each(['', '.', '..', 'a/b', 'a b', 'ä', 'a\n', 'x'.repeat(101), '%2e'])(
    '%j is none',
    (name) => {
      expect(() => checkRepoName('owner', name)).toThrow(INVALID)
    },
  )
  it.each(['main', 'feature/x', 'ä'])('%s is a branch', (name) => {
    expect(() => checkBranchName(name)).not.toThrow()
  })
  it.each(['', '-x', 'a..b', 'a b', 'a:b', 'a/', 'a\0'])('%j is no branch', (name) => {
    expect(() => checkBranchName(name)).toThrow(INVALID)
  })
  it.each(['', 'https://example.org/o/n'])('%j is a link', (link) => {
    expect(() => checkRepoLink(link)).not.toThrow()
  })
  it.each(['javascript:alert(1)', 'x', '//example.org'])('%j is no link', (link) => {
    expect(() => checkRepoLink(link)).toThrow(INVALID)
  })
  it.each(['', 'short', 'with\nnewline', 'x'.repeat(1001)])('%j is no secret', (secret) => {
    expect(() => checkHookSecret(secret)).toThrow(INVALID)
  })
})
