import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { SandpiperError } from '../../protocol/errors.js'

const run = promisify(execFile)

const ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' }

/**
 * Copies what is in a directory into another one, links as links, with modes and times; without taking
 * space where the file system can share blocks. Sparse files stay sparse.
 * @throws SandpiperError SP_RUNNER_TREE when something can't be read; AbortError
 */
export async function copyTree(from: string, to: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const how = ['-dR', '--preserve=mode,timestamps,links', '--reflink=auto', '--no-target-directory']
  try {
    await run('cp', [...how, '--', from, to], { signal, env: ENVIRONMENT })
  } catch (error) {
    const [said = ''] = ((error as { readonly stderr?: string }).stderr ?? '').split('\n')
    if (signal.aborted || said === '') throw error
    throw new SandpiperError('SP_RUNNER_TREE', `the working tree can't be copied: ${said}`, {
      hint: 'Let the user who runs this read all of it, or leave it out of the tree.',
      cause: error,
    })
  }
}
