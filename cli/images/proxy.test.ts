import { describe, expect, it } from '@jest/globals'
import { resolveSettings } from '../config/resolve.js'
import { proxyOf } from './proxy.js'

function of(env: Readonly<Record<string, string>>, flags: Readonly<Record<string, string>> = {}) {
  return proxyOf({ io: { env }, settings: resolveSettings({ env, flags, scope: 'image' }) })
}

describe('the proxy for registries', () => {
  it('is none unless one is named', () => {
    expect(of({})).toEqual({})
    expect(of({ HTTPS_PROXY: '', NO_PROXY: 'x' })).toEqual({})
  })

  it.each(['HTTPS_PROXY', 'https_proxy'])('is the one of %s', (name) => {
    expect(of({ [name]: 'http://proxy.example:3128', no_proxy: 'a.example, .b.example' })).toEqual({
      proxy: { url: 'http://proxy.example:3128', noProxy: ['a.example', '.b.example'] },
    })
    expect(of({ [name]: 'proxy.example:3128' }).proxy?.url).toBe('http://proxy.example:3128')
  })

  it('is rather the one of the settings', () => {
    const env = {
      ...{ HTTPS_PROXY: 'socks5://x', NO_PROXY: '*', SANDPIPER_REGISTRY_PROXY: 'http://a:b@p' },
      SANDPIPER_REGISTRY_NO_PROXY: 'registry.example:5000,10.0.0.0/8,[::1]:80,::1,*.x.example',
    }
    const noProxy = ['registry.example:5000', '10.0.0.0/8', '[::1]:80', '::1', '*.x.example']
    expect(of(env)).toEqual({ proxy: { url: 'http://a:b@p', noProxy } })
    const flags = { 'registry-proxy': 'https://q', 'registry-no-proxy': '.corp.example' }
    expect(of(env, flags)).toEqual({ proxy: { url: 'https://q', noProxy: ['.corp.example'] } })
  })

  it('is none where everything goes without', () => {
    expect(of({ HTTPS_PROXY: 'socks5://x', SANDPIPER_REGISTRY_NO_PROXY: '*' })).toEqual({})
    expect(of({ HTTPS_PROXY: 'http://x', NO_PROXY: 'a,*' })).toEqual({})
  })

  it.each(['socks5://u:s3cr3t@proxy.example', 'u:s3cr3t@', 'http://u:s3cr3t@x/path'])(
    'is refused with the name of its variable, and without its text: %s',
    (text) => {
      expect(() => of({ https_proxy: text })).toThrow(/^https_proxy of the environment/)
      expect(() => of({ https_proxy: text })).not.toThrow(/s3cr3t/)
      expect(() => of({ SANDPIPER_REGISTRY_PROXY: text })).toThrow('SANDPIPER_REGISTRY_PROXY=')
      expect(() => of({ SANDPIPER_REGISTRY_PROXY: text })).not.toThrow(/s3cr3t/)
    },
  )

  it.each(['a.example b.example', 'http://a.example', 'a,,b', '10.0.0.0/x'])(
    'has no exceptions like %s',
    (text) => {
      expect(() => of({ SANDPIPER_REGISTRY_NO_PROXY: text })).toThrow('must be hosts such as')
    },
  )
})
