import { once } from 'node:events'
import type { Held, SandboxMaker } from '../contender.js'
import { endProgram, runProgram, SLEEP, startProgram, startSleeper } from '../program.js'

/** bubblewrap as people call it, on a plain read-only root. */
export function bwrapMaker(root: string): SandboxMaker {
  const args = ['--unshare-all', '--ro-bind', root, '/', '--proc', '/proc', '--dev', '/dev']
  const endless = [...args, '--die-with-parent']
  return {
    name: 'bwrap --unshare-all',
    note: 'namespaces on a read-only root; no overlay, cgroup or seccomp',
    share: 1,
    run: () => runProgram('bwrap', [...args, '/bin/true']),
    sleep: async () => {
      const child = await startSleeper('bwrap', [...endless, ...SLEEP])
      return { end: () => endProgram(child) }
    },
    wait: () => waiting([...endless, '--block-fd', '3', '/bin/true']),
  }
}

/**
 * It waits for something to read from descriptor 3, or the end of it. Killing it would leave its child,
 * which waits too: it is let run.
 */
async function waiting(args: readonly string[]): Promise<Held> {
  const child = await startProgram('bwrap', args, 'pipe')
  const ended = once(child, 'exit')
  return {
    end: async () => {
      child.stdio[3]?.destroy()
      await ended
    },
  }
}
