import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { parseAddress } from './address.js'
import { parseDestination } from './destination.js'

describe('parseDestination', () => {
  it.each([
    ['10.0.0.0/8', { kind: 'address', family: 4, address: '10.0.0.0', prefixLength: 8 }],
    ['192.0.2.1', { kind: 'address', family: 4, address: '192.0.2.1', prefixLength: 32 }],
    ['192.0.2.1:443', { kind: 'address', address: '192.0.2.1', prefixLength: 32, port: 443 }],
    ['10.0.0.0/8:53', { kind: 'address', address: '10.0.0.0', prefixLength: 8, port: 53 }],
    ['2001:db8::/32', { kind: 'address', family: 6, address: '2001:db8::', prefixLength: 32 }],
    ['2001:db8::1', { kind: 'address', family: 6, prefixLength: 128 }],
    ['[2001:db8::1]:443', { kind: 'address', family: 6, address: '2001:db8::1', port: 443 }],
    ['[2001:db8::/32]', { kind: 'address', family: 6, prefixLength: 32 }],
    ['Example.com', { kind: 'host', host: 'example.com' }],
    ['registry.example.com:5000', { kind: 'host', host: 'registry.example.com', port: 5000 }],
    ['localhost', { kind: 'host', host: 'localhost' }],
  ])('reads %s', (text, destination) => {
    expect(parseDestination(text)).toMatchObject(destination)
  })

  it.each([
    ['', 'is neither an address'],
    ['10.0.0.0/33', 'has a prefix length that is not between 0 and 32'],
    ['2001:db8::/129', 'has a prefix length that is not between 0 and 128'],
    ['10.0.0/8', 'is neither an address'],
    ['10.0.0.256', 'is neither an address'],
    ['example.com:0', 'has a port that is not between 1 and 65535'],
    ['example.com:https', 'has a port'],
    ['https://example.com', 'has a port'],
    ['*.example.com', 'has a wildcard'],
    ['a b', 'is neither an address'],
    ['-x.example', 'is neither an address'],
    ['1.2.3.4 } drop', 'is neither an address'],
    ['[example.com', 'is neither an address'],
  ])('says what is wrong with %j', (text, problem) => {
    expect(parseDestination(text)).toContain(problem)
  })

  it('lets nothing through that could be more than an address, a name or a number', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const parsed = parseDestination(text)
        if (typeof parsed === 'string') return
        const place = parsed.kind === 'host' ? parsed.host : parsed.address
        expect(place).toMatch(/^[0-9A-Za-z_.:-]+$/)
      }),
    )
  })
})

describe('parseAddress', () => {
  it.each([
    '::',
    '::1',
    'fe80::1',
    '1:2:3:4:5:6:7:8',
    '::ffff:192.0.2.1',
    '1::8',
    '1:2:3:4:5:6:192.0.2.1',
  ])('takes %s', (text) => expect(parseAddress(text)).toEqual({ family: 6, bits: 128 }))

  it.each([
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '12345::',
    '::1.2.3',
    'g::',
    '01.2.3.4',
  ])('refuses %s', (text) => expect(parseAddress(text)).toBeNull())
})
