import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { isInHostUserNamespace } from '../../native/lib/user-namespace.js'
import { packTree } from '../../runner/layers/pack.js'
import { openLayerStore } from '../../runner/layers/store.js'
import { makeTar } from '../../runner/layers/testing/archives.js'
import { OciLayout } from '../../runner/testing/oci-layout.js'
import { TestRegistry } from '../../runner/testing/registry.js'
import { runAsUser } from './as-user.js'

const canTry =
  process.env['SANDPIPER_TEST_SANDBOX'] !== '0' &&
  process.geteuid?.() === 0 &&
  isInHostUserNamespace()
const describeAsRoot = canTry ? describe : describe.skip

let directory = ''
let registry: TestRegistry

beforeAll(async () => {
  if (!canTry) return
  directory = await mkdtemp(path.join(tmpdir(), 'sandpiper-rootless-images-'))
  registry = await TestRegistry.start()
  const store = await openLayerStore(path.join(directory, 'store'))
  const [root = ''] = store.layerPaths(await store.importBusybox('busybox'))
  const parts: Buffer[] = []
  for await (const part of packTree(root)) parts.push(part)
  await store.flush()
  const layout = new OciLayout(path.join(directory, 'layout'))
  // Owners and a name that was removed, as images have them.
  const upper = makeTar([{ path: 'etc/own', content: 'x', uid: 1234 }, { path: 'etc/.wh.hosts' }])
  await layout.addImage('x', { layers: [Buffer.concat(parts), upper] })
  await registry.copyIn(layout.source('x'), 'app:1')
}, 60_000)

afterAll(async () => {
  if (!canTry) return
  await registry.remove()
  await rm(directory, { recursive: true, force: true })
})

const SCRIPT = `
export SANDPIPER_REGISTRY_INSECURE=$REGISTRY
$sandpiper image pull $REGISTRY/app:1 && $sandpiper image verify; echo "pull $?"
$sandpiper sandbox run --image $REGISTRY/app:1 -- sh -c 'stat -c "owner %u" /etc/own; ls /etc/hosts'
mkdir tree; cd tree
printf 'FROM %s/app:1\\nCOPY --chown=7:8 file /file\\nRUN chown 9:9 /etc/own && rm /etc/group\\n' $REGISTRY >Dockerfile
echo content >file
cat >.pipeline.yml <<END
kind: pipeline
name: default
steps:
  - name: build
    image: plugins/docker
    settings: { repo: $REGISTRY/made, tags: [1] }
  - name: use
    image: $REGISTRY/made:1
    commands: ['stat -c "made %u:%g" /file /etc/own', 'cat /file', 'test ! -e /etc/group']
  - name: more
    image: $REGISTRY/made:1
    commands: ['echo more > /more']
    publish: { repo: $REGISTRY/more, tags: [1] }
  - name: again
    image: $REGISTRY/more:1
    commands: ['cat /more']
END
$sandpiper exec; echo "exec $?"
$sandpiper image prune --all >/dev/null; echo "prune $?"
`

describeAsRoot('an ordinary user', () => {
  it('pulls, builds and publishes images, with the owners that they have', async () => {
    const script = `REGISTRY=${registry.host}\n${SCRIPT}`
    const { output } = await runAsUser(script)
    for (const line of ['pull 0', 'owner 1234', 'exec 0', 'prune 0']) {
      expect(output).toContain(`${line}\n`)
    }
    expect(output).toMatch(/made 7:8\n/)
    expect(output).toMatch(/made 9:9\n/)
    expect(output).toMatch(/\| content\n/)
    expect(output).toMatch(/\| more\n/)
  }, 120_000)
})
