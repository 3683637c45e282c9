import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { makeCertificates, type TestCertificates } from './certificates.js'
import { TokenServer } from './token-server.js'

const run = promisify(execFile)

export interface TestRegistryOptions {
  /** Default: `none`. With `token`, everybody may pull from `public/...`. */
  readonly auth?: 'none' | 'basic' | 'token'
  /** Speaks TLS, with a certificate of `caFile`'s authority. Default: plain HTTP. */
  readonly tls?: boolean
  /** Life of its tokens, in seconds. Default: 300. */
  readonly tokenLifeS?: number
}

/** What the registry takes where it wants credentials. */
export const REGISTRY_LOGIN = { username: 'piper', password: 'sand-piper' } as const
/** Refresh token that its token server takes. */
export const IDENTITY_TOKEN = 'identity-of-piper'

/** bcrypt of the password above. */
const HTPASSWD = 'piper:$2y$05$abcdefghijklmnopqrstuuZJGea2IbSBO96CufWlVBdw32WJSQnvi\n'

/** Debian's docker-registry on a loopback port, with its data in a temporary directory, for tests. */
export class TestRegistry {
  /** e.g. `127.0.0.1:38007`: what stands before the slash in an image's name. */
  host = ''
  readonly #directory: string
  readonly #options: TestRegistryOptions
  #certificates: TestCertificates | null = null
  #tokens: TokenServer | null = null
  #process: ChildProcess | null = null

  private constructor(directory: string, options: TestRegistryOptions) {
    this.#directory = directory
    this.#options = options
  }

  static async start(options: TestRegistryOptions = {}): Promise<TestRegistry> {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'sandpiper-registry-'))
    const registry = new TestRegistry(directory, options)
    try {
      await registry.#prepare()
      await registry.up()
      return registry
    } catch (error) {
      await registry.remove()
      throw error
    }
  }

  /** Certificate of the authority that signed its own; null when it speaks plain HTTP. */
  get caFile(): string | null {
    return this.#options.tls ? (this.#certificates?.caFile ?? null) : null
  }

  /** With `auth: 'token'`: what was asked for. */
  get tokens(): TokenServer {
    if (!this.#tokens) throw new Error('the registry has no token server')
    return this.#tokens
  }

  /** Text of a config.json that lets whoever has it in. */
  get dockerConfig(): string {
    const { username, password } = REGISTRY_LOGIN
    const auth = Buffer.from(`${username}:${password}`).toString('base64')
    return JSON.stringify({ auths: { [this.host]: { auth } } })
  }

  /** Starts the process (again), with the data and on the port that it had. */
  async up(): Promise<void> {
    const file = path.join(this.#directory, 'config.json')
    await writeFile(file, JSON.stringify(await this.#config()))
    // A test that is killed takes its registry with it.
    const dying = ['--pdeathsig', 'KILL', '--']
    const child = spawn('setpriv', [...dying, 'docker-registry', 'serve', file], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env['PATH'] },
    })
    this.#process = child
    this.host = await listeningAt(child)
  }

  /** Kills the process. */
  async down(): Promise<void> {
    const child = this.#process
    this.#process = null
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  async remove(): Promise<void> {
    await this.down()
    await this.#tokens?.stop()
    await rm(this.#directory, { recursive: true, force: true })
  }

  /**
   * Copies an image into the registry with skopeo. @param source e.g. `oci:DIRECTORY:TAG`
   * @param target name behind the host, with its tag: `app:1`
   */
  async copyIn(source: string, target: string, more: readonly string[] = []): Promise<void> {
    const flags = ['--dest-tls-verify=false', ...this.#skopeoLogin('dest'), ...more]
    await skopeo(['copy', ...flags, source, `docker://${this.host}/${target}`])
  }

  /** Copies an image out of the registry with skopeo. @param target e.g. `oci:DIRECTORY:TAG` */
  async copyOut(source: string, target: string, more: readonly string[] = []): Promise<void> {
    const flags = ['--src-tls-verify=false', ...this.#skopeoLogin('src'), ...more]
    await skopeo(['copy', ...flags, `docker://${this.host}/${source}`, target])
  }

  /** What skopeo says about an image. @param more e.g. `--raw` */
  inspect(name: string, more: readonly string[] = []): Promise<string> {
    const login = (this.#options.auth ?? 'none') === 'none' ? [] : credentials('--creds')
    return skopeo([
      'inspect',
      '--tls-verify=false',
      ...login,
      ...more,
      `docker://${this.host}/${name}`,
    ])
  }

  #skopeoLogin(side: 'src' | 'dest'): readonly string[] {
    return (this.#options.auth ?? 'none') === 'none' ? [] : credentials(`--${side}-creds`)
  }

  async #prepare(): Promise<void> {
    const { auth, tls, tokenLifeS } = this.#options
    const certificates = path.join(this.#directory, 'certificates')
    await mkdir(certificates)
    if (tls || auth === 'token') this.#certificates = await makeCertificates(certificates)
    if (auth !== 'token' || !this.#certificates) return
    this.#tokens = await TokenServer.start({
      ...{ certificates: this.#certificates, ...REGISTRY_LOGIN, identityToken: IDENTITY_TOKEN },
      ...(tokenLifeS === undefined ? {} : { expiresInS: tokenLifeS }),
    })
  }

  async #config(): Promise<object> {
    const { certFile, keyFile } = this.#certificates ?? {}
    const tls = this.#options.tls ? { tls: { certificate: certFile, key: keyFile } } : {}
    return {
      version: '0.1',
      log: { accesslog: { disabled: true }, level: 'info' },
      storage: {
        filesystem: { rootdirectory: path.join(this.#directory, 'data') },
        delete: { enabled: true },
        maintenance: { uploadpurging: { enabled: false } },
      },
      http: { addr: this.host || '127.0.0.1:0', secret: 'of-the-test', ...tls },
      ...(await this.#auth()),
    }
  }

  async #auth(): Promise<object> {
    if (this.#tokens) return { auth: this.#tokens.registryAuth }
    if (this.#options.auth !== 'basic') return {}
    const file = path.join(this.#directory, 'htpasswd')
    await writeFile(file, HTPASSWD)
    return { auth: { htpasswd: { realm: 'of the test', path: file } } }
  }
}

async function skopeo(args: readonly string[]): Promise<string> {
  const { stdout } = await run('skopeo', ['--insecure-policy', ...args], { maxBuffer: 1 << 26 })
  return stdout
}

function credentials(flag: string): readonly string[] {
  return [`${flag}=${REGISTRY_LOGIN.username}:${REGISTRY_LOGIN.password}`]
}

/** Waits for the line of its log that names the address. It goes on reading, so that the pipe never fills. */
function listeningAt(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let log = ''
    child.on('error', reject)
    child.on('exit', () => reject(new Error(`docker-registry ended: ${log}`)))
    child.stderr?.on('data', (chunk: Buffer) => {
      if (log.length < 65_536) log += chunk.toString()
      const match = /listening on ([^\s",]+)/.exec(log)
      if (match?.[1] !== undefined) resolve(match[1])
    })
  })
}
