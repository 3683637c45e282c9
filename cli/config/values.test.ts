import { describe, expect, it } from '@jest/globals'
import {
  bytes,
  bytesWithin,
  cpus,
  duration,
  integer,
  listenAddress,
  hosts,
  namedHosts,
  labels,
  oneOf,
  period,
  redisAddress,
  url,
} from './values.js'

const problem = expect.objectContaining({ problem: expect.any(String) as unknown })

describe('values of settings', () => {
  it.each([
    ['1048576', 1048576],
    ['512m', 512 * 1024 ** 2],
    ['2g', 2 * 1024 ** 3],
    ['1.5GiB', 1.5 * 1024 ** 3],
    ['64KB', 64 * 1024],
  ])('reads %s as bytes', (raw, value) => expect(bytes.parse(raw)).toEqual({ value }))

  it.each(['', 'm', '-1', '1x', '1e3', '99999999999t'])('refuses %p as bytes', (raw) =>
    expect(bytes.parse(raw)).toEqual(problem),
  )

  it('holds bytes to their bounds, and names them', () => {
    const type = bytesWithin({ min: 1024 ** 2, max: 15 * 1024 ** 4 })
    const refused = { problem: 'must be a size from 1m to 15t, such as 512m or 2g' }
    for (const raw of ['0', '1k', '1048575', '16t', '-1', 'much']) {
      expect(type.parse(raw)).toEqual(refused)
    }
    expect(type.parse('1m')).toEqual({ value: 1024 ** 2 })
    expect(type.parse('15t')).toEqual({ value: 15 * 1024 ** 4 })
  })

  it.each([
    ['500ms', 500],
    ['60s', 60_000],
    ['15m', 900_000],
    ['1.5h', 5_400_000],
    ['2d', 172_800_000],
  ])('reads %s as a duration', (raw, value) => expect(duration.parse(raw)).toEqual({ value }))

  it('refuses a period that no timer takes', () => {
    expect(period.parse('24h')).toEqual({ value: 86_400_000 })
    expect(period.parse('1000h')).toEqual({ problem: 'must be a time up to 24h, such as 5s' })
    expect(period.parse('5')).toEqual(problem)
  })

  it.each(['60', '', '0s', '-1s', '1w'])('refuses %p as a duration', (raw) =>
    expect(duration.parse(raw)).toEqual(problem),
  )

  it.each([
    ['git.example.com', ['git.example.com']],
    ['a.example, [::1]:8080,127.0.0.1:80', ['a.example', '[::1]:8080', '127.0.0.1:80']],
    ['*', ['*']],
  ])('reads %s as hosts', (raw, value) => expect(hosts.parse(raw)).toEqual({ value }))

  it.each(['', 'a,', '*.example', 'https://a', 'a/b', 'u@a', 'a:b', '::1', '-a', 'a b', 'a=b'])(
    'refuses %p as hosts',
    (raw) => expect(hosts.parse(raw)).toEqual(problem),
  )

  it.each(['*', 'a,*', 'http://a:5000', ''])('refuses %p as named hosts', (raw) => {
    expect(namedHosts.parse(raw)).toEqual(problem)
    expect(namedHosts.parse('a.example, localhost:5000')).toEqual({
      value: ['a.example', 'localhost:5000'],
    })
  })

  it.each([
    ['gpu=yes', { gpu: 'yes' }],
    ['region=eu, disk=a=b,empty=', { region: 'eu', disk: 'a=b', empty: '' }],
  ])('reads %s as labels', (raw, value) => expect(labels.parse(raw)).toEqual({ value }))

  it.each(['', 'gpu', '=yes', 'a=1,', 'a=1,a=2'])('refuses %p as labels', (raw) =>
    expect(labels.parse(raw)).toEqual(problem),
  )

  it.each([
    ['127.0.0.1:8000', { host: '127.0.0.1', port: 8000 }],
    ['localhost:0', { host: 'localhost', port: 0 }],
    ['[::1]:80', { host: '::1', port: 80 }],
    [':8000', { host: '::', port: 8000 }],
  ])('reads %s as an address', (raw, value) => expect(listenAddress.parse(raw)).toEqual({ value }))

  it.each(['8000', '127.0.0.1', 'a:65536', '::1:80', 'a b:80'])('refuses %p as an address', (raw) =>
    expect(listenAddress.parse(raw)).toEqual(problem),
  )

  it('holds numbers to their bounds', () => {
    expect(integer(1, 4).parse('4')).toEqual({ value: 4 })
    for (const raw of ['0', '5', '1.5', 'x']) expect(integer(1, 4).parse(raw)).toEqual(problem)
    expect(cpus.parse('1.5')).toEqual({ value: 1.5 })
    for (const raw of ['0', 'x', '5000']) expect(cpus.parse(raw)).toEqual(problem)
  })

  it('takes words of a list, addresses of servers and of Redis', () => {
    expect(oneOf(['a', 'b']).parse('b')).toEqual({ value: 'b' })
    expect(oneOf(['a', 'b']).parse('c')).toEqual(problem)
    expect(url(['https']).parse('https://x.example/')).toEqual({ value: 'https://x.example' })
    expect(url(['https']).parse('ftp://x.example')).toEqual(problem)
    expect(redisAddress.parse('/run/redis.sock')).toEqual({ value: '/run/redis.sock' })
    expect(redisAddress.parse('redis://h:6379/1')).toEqual({ value: 'redis://h:6379/1' })
    expect(redisAddress.parse('h:6379')).toEqual(problem)
  })
})
