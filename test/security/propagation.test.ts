import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { execPipeline } from '../support/project.js'
import { ROOT } from '../support/root.js'
import { makeScratch } from '../support/scratch.js'

let scratch: { dir: string; remove: () => Promise<void> }
/** A directory that an exec step sees live: it is below the host's /usr. */
let shown: string

beforeAll(async () => {
  scratch = await makeScratch()
  shown = await mkdtemp('/usr/local/share/sp-test-')
  await chmod(shown, 0o755)
})

afterAll(async () => {
  await rm(shown, { recursive: true })
  await scratch.remove()
})

/**
 * A host whose mounts propagate, as systemd's do. When the step says that it runs, the host mounts a
 * file system below what the step sees and then leaves a sign that it has.
 */
const HOST = `
  mount --make-rshared /
  mkdir "$SHOWN/mounted"
  ${process.execPath} bin/sandpiper exec "$SCRATCH/.pipeline.yml" --data "$SCRATCH/data" 2>&1 |
  while read -r line; do
    echo "$line"
    case "$line" in
      *'step runs') mount -t tmpfs late "$SHOWN/mounted"; touch "$SHOWN/mounted/late" "$SHOWN/sign" ;;
    esac
  done
  umount "$SHOWN/mounted"
`

describe('a mount that the host makes while a step runs', () => {
  it('does not come into the step', async () => {
    await writeFile(
      path.join(scratch.dir, '.pipeline.yml'),
      execPipeline({
        look: [
          'echo "step" runs',
          `i=0; until [ -e ${shown}/sign ]; do i=$((i+1)); [ $i -lt 600 ]; sleep 0.1; done`,
          `if [ -e ${shown}/mounted/late ]; then echo it came in; else echo it "stayed" out; fi`,
        ],
      }),
    )
    const host = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', HOST], {
      cwd: ROOT,
      env: { PATH: process.env.PATH, SHOWN: shown, SCRATCH: scratch.dir },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [output] = await Promise.all([text(host.stdout), once(host, 'close')])
    expect(output).toContain('it stayed out\n')
  }, 90_000)
})
