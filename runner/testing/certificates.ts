import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface TestCertificates {
  /** Certificate of the authority, PEM. */
  readonly caFile: string
  /** Certificate for 127.0.0.1, localhost and registry.example that the authority has signed, PEM. */
  readonly certFile: string
  readonly keyFile: string
}

const EXTENSIONS = `
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = keyCertSign
[leaf]
basicConstraints = CA:FALSE
subjectAltName = IP:127.0.0.1, DNS:localhost, DNS:registry.example
`

/** Makes an authority and a certificate for loopback with openssl, for tests. */
export async function makeCertificates(directory: string): Promise<TestCertificates> {
  const file = (name: string): string => path.join(directory, name)
  const openssl = (...args: string[]): Promise<unknown> => run('openssl', args, { cwd: directory })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  await writeFile(file('extensions.cnf'), `[req]\ndistinguished_name = dn\n[dn]\n${EXTENSIONS}`)
  await openssl(
    ...['req', '-x509', ...key, '-config', 'extensions.cnf', '-extensions', 'ca', '-days', '2'],
    ...['-subj', '/CN=Sandpiper test authority', '-keyout', 'ca.key', '-out', 'ca.crt'],
  )
  const subject = ['-subj', '/CN=localhost', '-keyout', 'server.key', '-out', 'server.csr']
  await openssl('req', ...key, '-config', 'extensions.cnf', ...subject)
  await openssl(
    ...[
      'x509',
      '-req',
      '-in',
      'server.csr',
      '-CA',
      'ca.crt',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
    ],
    ...['-extfile', 'extensions.cnf', '-extensions', 'leaf', '-days', '2', '-out', 'server.crt'],
  )
  return { caFile: file('ca.crt'), certFile: file('server.crt'), keyFile: file('server.key') }
}
