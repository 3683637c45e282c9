import { expect, test } from '@jest/globals'
import { goesDirect } from './no-proxy.js'

test.each<[string, string, boolean]>([
  ['https://registry.example/', '', false],
  ['https://registry.example/', '*', true],
  ['https://registry.example/', 'registry.example', true],
  ['https://registry.example./', 'Registry.Example', true],
  ['https://a.registry.example/', 'registry.example', true],
  ['https://my-registry.example/', 'registry.example', false],
  ['https://registry.example/', '.example', true],
  ['https://registry.example/', '*.example', true],
  ['https://registry.example/', '.registry.example', false],
  ['https://registry.example/', 'registry.example:443', true],
  ['http://registry.example/', 'registry.example:443', false],
  ['https://registry.example:5000/', 'registry.example:443', false],
  ['https://registry.example:5000/', 'registry.example', true],
  ['https://10.1.2.3/', '10.0.0.0/8', true],
  ['https://11.1.2.3/', '10.0.0.0/8', false],
  ['https://10.1.2.3/', '10.1.2.3', true],
  ['https://10.1.2.3/', '3', false],
  ['https://10.1.2.3/', '10.1.2.3:5000', false],
  ['https://[2001:db8::1]/', '2001:db8::/32', true],
  ['https://[2001:db8::1]/', '2001:db8::1', true],
  ['https://[2001:db8::1]:5000/', '[2001:db8::1]:5000', true],
  ['https://registry.example/', '10.0.0.0/8,x/y,/,10.0.0.0/99,:443,.', false],
  ['https://localhost:5000/', '', true],
  ['https://x.localhost/', '', true],
  ['https://127.9.9.9/', '', true],
  ['https://[::1]:5000/', '', true],
  ['https://[::ffff:127.0.0.1]/', '', true],
  ['http://169.254.169.254/', '', true],
  ['https://localhost.example/', '', false],
])('%s with NO_PROXY=%s goes without the proxy: %p', (url, list, isDirect) => {
  expect(goesDirect(new URL(url), list.split(','))).toBe(isDirect)
})
