import { describe, expect, it } from '@jest/globals'
import { parseRemoteUrl } from './remote-url.js'
import { submoduleRules } from './submodule-hosts.js'

/** Prefixes of the URLs that are allowed for repos with that clone URL. */
function prefixes(cloneUrl: string, hosts: readonly string[] = []): string[] {
  const remote = parseRemoteUrl(cloneUrl, { allowFileTransport: true })
  return submoduleRules(remote, hosts).flatMap((rule) => /insteadOf=(.+)$/.exec(rule)?.[1] ?? [])
}

function ofHost(host: string): string[] {
  return [`https://${host}/`, `http://${host}/`, `git://${host}/`]
}

describe('the hosts of submodules', () => {
  it.each([
    ['https://git.example/ada/repo', 'git.example'],
    ['https://ada:secret@GIT.example:8443/ada/repo', 'git.example:8443'],
    ['http://[::1]:80/ada/repo', '[::1]'],
    ['git://git.example:9999/repo', 'git.example:9999'],
    ['ssh://git@git.example:2222/ada/repo', 'git.example'],
    ['git@git.example:ada/repo', 'git.example'],
    ['git.example:8443/repo', 'git.example'],
    ['git@[::1]:ada/repo', '[::1]'],
  ])('of %s are its own', (cloneUrl, host) => expect(prefixes(cloneUrl)).toEqual(ofHost(host)))

  it('are none for a local path, and those that the operator names for any', () => {
    expect(prefixes('/srv/repo.git')).toEqual([])
    expect(prefixes('/srv/repo.git', ['a.example:1'])).toEqual(ofHost('a.example:1'))
  })

  it('are any with *, which needs no rule', () => {
    const remote = parseRemoteUrl('https://git.example/repo', { allowFileTransport: false })
    expect(submoduleRules(remote, ['a', '*'])).toEqual([])
  })
})
