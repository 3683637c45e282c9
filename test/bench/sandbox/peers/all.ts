import path from 'node:path'
import type { Absent, SandboxMaker } from '../contender.js'
import type { Ground } from '../ground.js'
import { hasProgram } from '../program.js'
import { bwrapMaker } from './bwrap.js'
import { ociMaker } from './oci-runtime.js'
import { podmanMaker } from './podman.js'
import { spawnMaker } from './spawn.js'

/** Everyone that ours are compared with, of those that there are here. */
export async function peerMakers(ground: Ground): Promise<(SandboxMaker | Absent)[]> {
  const { root, scratch, peersCgroup } = ground
  const ids = ground.takeIds()
  const place = (name: string) => ({
    ...{ root, ids },
    directory: path.join(scratch, name),
    cgroup: `/${peersCgroup}/${name}`,
  })
  return [
    (await hasProgram('bwrap')) ? bwrapMaker(root) : { name: 'bwrap', why: 'not installed' },
    await ociMaker('runc', { ...place('runc'), create: true }),
    await ociMaker('crun', { ...place('crun'), create: true }),
    await podmanMaker(place('podman')),
    spawnMaker(),
  ]
}
