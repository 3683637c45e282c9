import { expect, test } from '@jest/globals'
import { createForges } from './create-forges.js'
import { forgeOfRepo } from './guess.js'

const forges = createForges([
  { kind: 'github', url: 'https://github.com' },
  { kind: 'gitea', url: 'https://git.example.org:3000' },
  { kind: 'gitlab', url: 'https://same.example' },
  { kind: 'forgejo', url: 'https://same.example' },
  { kind: 'bitbucket-server', url: 'https://bb.example/git/' },
])

test.each([
  ['https://github.com/o/n.git', 'github'],
  ['https://GitHub.com/o/n.git', 'github'],
  ['git@github.com:o/n.git', 'github'],
  ['github.com:o/n.git', 'github'],
  ['ssh://git@git.example.org:2222/o/n.git', 'gitea'],
  ['https://git.example.org:3000/o/n.git', 'gitea'],
  ['https://git.example.org/o/n.git', ''],
  ['https://github.com.evil.example/o/n.git', ''],
  ['https://evil.example/github.com/o/n.git', ''],
  ['https://github.com@evil.example/o/n.git', ''],
  ['https://same.example/o/n.git', ''],
  ['/srv/git/github.com:o/n.git', ''],
  ['file:///srv/github.com', ''],
  ['https://', ''],
  ['https://github.com/O/N', 'github'],
  ['https://bb.example/git/scm/o/n.git', 'bitbucket-server'],
  ['ssh://git@bb.example:7999/o/n.git', 'bitbucket-server'],
  // Somebody else's repo: who has rights in `o/n` has none in these.
  ['https://github.com/acme/private.git', ''],
  ['git@github.com:acme/n.git', ''],
  ['https://github.com/acme/o/n.git', ''],
  ['https://bb.example/scm/o/n.git', ''],
])('%s is at "%s"', (cloneUrl, kind) => {
  expect(forgeOfRepo(forges, { owner: 'o', name: 'n', cloneUrl })).toBe(kind)
})
