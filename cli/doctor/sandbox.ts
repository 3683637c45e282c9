import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compilePipeline, type Plan } from '../../pipelines/index.js'
import { messageOf } from '../../protocol/errors.js'
import { createLocalExecutor } from '../../runner/local-executor.js'
import type { NetworkConfig } from '../../runner/network/stage-network.js'
import { stripTerminalText } from '../terminal/sanitize.js'
import { localEvent, localRepo } from '../exec/event.js'
import { anonymousTree, type WorkingTree } from '../exec/working-tree.js'
import { missing, present, type CheckResult } from './check.js'

const NAME = 'sandbox'
const TIMEOUT_MS = 60_000
const SOURCE = `kind: pipeline
type: exec
name: doctor
clone: { disable: true }
steps: [{ name: true, commands: [echo sandbox works] }]
`

/** The proof of all others: makes a sandbox with everything on, runs a command in it, takes it away. */
export async function checkSandbox(network: NetworkConfig): Promise<CheckResult> {
  const directory = await mkdtemp(join(tmpdir(), 'sandpiper-doctor-'))
  try {
    const output = await runOnce(directory, network)
    if (output.includes('sandbox works')) return present(NAME, 'made one and ran a command in it')
    return missing(NAME, `the command did not run: ${output.trim()}`, HINT)
  } catch (error) {
    return missing(NAME, messageOf(error), HINT)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

const HINT =
  'the message names the call that the kernel refused; inside a container give it the rights for it, or use a machine of its own'

async function runOnce(directory: string, network: NetworkConfig): Promise<string> {
  const path = join(directory, 'tree')
  await mkdir(path)
  const tree = anonymousTree(path, 'local/doctor')
  const plan = planOf(tree)
  const dataDir = join(directory, 'data')
  // Room is another check, and of another directory.
  const executor = await createLocalExecutor({ dataDir, network, diskReserveBytes: 0 })
  let output = ''
  try {
    await executor.run({
      plan,
      tree: { path },
      repo: { id: 0, slug: tree.slug, cloneUrl: '', allowFileTransport: false },
      commit: tree.commit,
      ref: 'refs/heads/main',
      environmentOf: () => ({}),
      timeoutMs: TIMEOUT_MS,
      sinkFor: () => ({
        stepStarted: () => undefined,
        output: (_step, data) => void (output += data.toString()),
        stepFinished: (result) => {
          output += result.error
          return Promise.resolve()
        },
      }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
  } finally {
    await executor.close()
  }
  // The script's own trace of the command is not its output.
  return stripTerminalText(output).replace(/^[+$].*$/gm, '')
}

function planOf(tree: WorkingTree): Plan {
  const input = { event: localEvent(tree, { event: 'push' }), repo: localRepo(tree) }
  const { plan, diagnostics } = compilePipeline([{ file: 'doctor', text: SOURCE }], input)
  if (plan === null) throw new Error(diagnostics.map(({ message }) => message).join('; '))
  return plan
}
