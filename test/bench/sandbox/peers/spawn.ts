import type { SandboxMaker } from '../contender.js'
import { runProgram } from '../program.js'

/** No sandbox: what starting any program from Node costs, the bench's own floor. */
export function spawnMaker(): SandboxMaker {
  return {
    name: '/bin/true',
    note: 'no isolation at all: what Node’s own spawn costs',
    share: 1,
    run: () => runProgram('/bin/true', []),
  }
}
