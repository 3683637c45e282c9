import { describe, expect, it } from '@jest/globals'
import { parseRemoteUrl, redact } from './remote-url.js'

const open = { allowFileTransport: true }
const closed = { allowFileTransport: false }

describe('parseRemoteUrl', () => {
  it('takes the usual addresses', () => {
    const transports = [
      ['https://example.org/a/b.git', 'http'],
      ['http://example.org:8080/a', 'http'],
      ['ssh://git@example.org:2222/a/b.git', 'ssh'],
      ['git://example.org/a', 'git'],
      ['git@example.org:a/b.git', 'ssh'],
      ['example.org:~/b.git', 'ssh'],
    ] as const
    for (const [url, transport] of transports) {
      const parsed = parseRemoteUrl(url, closed)
      expect(parsed).toEqual({ url, transport, credential: null, login: null, secrets: [] })
    }
  })

  it('takes local paths only where they are allowed', () => {
    for (const url of ['/srv/a.git', 'file:///srv/a.git']) {
      expect(parseRemoteUrl(url, open).transport).toBe('file')
      expect(() => parseRemoteUrl(url, closed)).toThrow('local path')
    }
  })

  it('refuses helpers, options, relative paths and what hides in them', () => {
    const bad = [
      ...['ext::sh -c id', 'ext::sh', 'ext::/bin/id', 'fd::17', 'a::b', '-u', '--upload-pack=id'],
      ...['-oProxyCommand=id:x', 'git@-oProxyCommand=id:x', 'host:-x', 'ssh://-oProxyCommand=id/x'],
      ...[
        'https:///x',
        'ftp://example.org/x',
        'persistent-https://x/y',
        'repo',
        './repo',
        '../repo',
      ],
      ...['https://example.org/a\nb', 'https://example.org/a b', '', 'file://host/x'],
      ...['ext::ssh://x/y', `https://example.org/${'a'.repeat(5000)}`],
    ]
    for (const url of bad) {
      expect(() => parseRemoteUrl(url, open)).toThrow(
        expect.objectContaining({ code: 'SP_GIT_REFUSED' }),
      )
    }
  })

  it('takes credentials out of the URL', () => {
    const parsed = parseRemoteUrl('https://ada:p%40ss%2Fword@example.org:8443/a.git', closed)
    expect(parsed.url).toBe('https://example.org:8443/a.git')
    expect(parsed.credential).toBe('https://ada:p%40ss%2Fword@example.org:8443')
    expect(parsed.secrets).toEqual(['p%40ss%2Fword', 'p@ss/word'])
    expect(parseRemoteUrl('https://ghp_token@example.org/a', closed).secrets).toEqual(['ghp_token'])
    expect(parseRemoteUrl('ssh://git:secret@example.org/a', closed).url).toBe(
      'ssh://git@example.org/a',
    )
  })
})

describe('redact', () => {
  it('removes our secrets and those of any URL', () => {
    const text = "fatal: unable to access 'https://bob:pw@h/x/': s3cret denied for s3cret"
    expect(redact(text, ['s3cret'])).toBe(
      "fatal: unable to access 'https://***@h/x/': *** denied for ***",
    )
  })
})
