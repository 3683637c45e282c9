import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { ForgeSettings } from '../../forges/types.js'

/** A repo as the stand-in forge tells it. */
export interface StandInRepo {
  readonly id: number
  readonly full_name: string
  readonly private: boolean
  readonly permissions: { readonly admin: boolean; readonly push: boolean }
}

interface State {
  readonly repos?: Readonly<Record<string, readonly StandInRepo[]>>
  readonly isDown?: boolean
  /** Accounts that the forge has locked. */
  readonly locked?: readonly string[]
  /** How many times tokens were renewed. */
  readonly refreshes?: number
}

/** A real OAuth2 server on loopback, with as much of Gitea beside it as signing in needs. */
export class OAuthServer {
  readonly #child: ChildProcess
  readonly url: string

  private constructor(child: ChildProcess, port: string) {
    this.#child = child
    this.url = `http://127.0.0.1:${port}`
  }

  static async start(redirectUri: string): Promise<OAuthServer> {
    const script = join(__dirname, 'stand-in-gitea.mjs')
    const child = spawn(process.execPath, ['--no-warnings', script, redirectUri], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const [port] = (await once(createInterface(child.stdout), 'line')) as [string]
    return new OAuthServer(child, port)
  }

  get settings(): ForgeSettings {
    const oauth = { clientId: 'sandpiper', clientSecret: 'a-secret-of-the-client' }
    return { kind: 'gitea', url: this.url, oauth }
  }

  /** Changes what it does, and tells how it stands. */
  async control(change: State): Promise<Required<State>> {
    const body = JSON.stringify(change)
    const response = await fetch(`${this.url}/control`, { method: 'POST', body })
    return (await response.json()) as Required<State>
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return
    this.#child.kill()
    await once(this.#child, 'exit')
  }
}
