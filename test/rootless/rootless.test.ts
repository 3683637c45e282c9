import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { isInHostUserNamespace } from '../../native/lib/user-namespace.js'
import { waitFor } from '../support/wait.js'
import { findProcesses, processesOf, runAsUser, startAsUser } from './as-user.js'

const canTry =
  process.env['SANDPIPER_TEST_SANDBOX'] !== '0' &&
  process.geteuid?.() === 0 &&
  isInHostUserNamespace()
const describeAsRoot = canTry ? describe : describe.skip

/** Nobody else's sleep. */
const MARK = `sleep 5${process.pid}`
const TIMEOUT_MS = 120_000

const PIPELINE = `
kind: pipeline
name: image
steps:
  - name: write
    image: busybox
    commands:
      - id -u
      - cat /proc/self/uid_map
      - touch /root/own made && stat -c 'owner %u' /root/own /bin/busybox secret
      - echo more >> secret && cat secret
      - test -c /dev/null && echo into > /dev/null && echo devices work
---
kind: pipeline
type: exec
name: host
depends_on: [image]
steps:
  - name: tools
    commands: [git --version, cat secret, 'touch /usr/x || echo usr is closed']
---
kind: pipeline
name: limited
steps:
  - { name: limited, image: busybox, commands: [echo ran], resources: { limits: { memory: 64MiB } } }
---
kind: pipeline
name: fails
steps:
  - { name: fails, image: busybox, commands: [exit 7] }
---
kind: pipeline
name: waits
steps:
  - { name: waits, image: busybox, commands: [${MARK}] }
`

/** Makes the user's image and working tree, in which one file is his alone. */
const SET_UP = `
set -e
$sandpiper image import busybox --busybox
mkdir tree; cd tree; cp "$TREE/.pipeline.yml" .; echo text > secret; chmod 600 secret
set +e
`

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'sandpiper-rootless-'))
  await chmod(directory, 0o755)
  await writeFile(path.join(directory, '.pipeline.yml'), PIPELINE)
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const script = (text: string): string => `TREE=${directory}\n${SET_UP}\n${text}`

describeAsRoot('an ordinary user with subordinate ids', () => {
  it(
    'runs steps on images and on the host’s tools, on a copy of the working tree',
    async () => {
      const { code, output } = await runAsUser(
        script(`
        $sandpiper exec --pipeline image; echo "image $?"
        $sandpiper exec --pipeline host; echo "host $?"
        $sandpiper exec --pipeline fails; echo "fails $?"
        cat secret; ls
        stat -c 'layer of %u' ~/.local/share/sandpiper/layers/layers/sha256/*/fs/bin/busybox
        find ~/.local/share/sandpiper/exec/*/runner/stages ~/.local/share/sandpiper/exec/*/runner/trash -mindepth 1
        echo "user $(id -u) first $(sed -n "s/^$(id -un):\\([0-9]*\\):.*/\\1/p" /etc/subuid)"`),
      )
      expect(code).toBe(0)
      expect(output).toContain('image 0\n')
      expect(output).toContain('host 0\n')
      expect(output).toContain('fails 1\n')
      expect(output).toMatch(/\| 0\n.*\| +0 +1 +65536\n/s)
      expect(output.match(/\| owner 0\n/g)).toHaveLength(3)
      expect(output).toContain('| text\nimage/write | more\n'.replace('image/', ''))
      expect(output).toContain('| devices work\n')
      expect(output).toMatch(/\| git version/)
      expect(output).toContain('| usr is closed\n')
      // His own tree is as it was; root of the steps is neither he nor root.
      expect(output).toMatch(/\ntext\nsecret\n/)
      const [, user, first] = /user (\d+) first (\d+)/.exec(output) ?? []
      expect(output).toContain(`layer of ${String(first)}\n`)
      expect([user, '0']).not.toContain(first)
      expect(output).not.toMatch(/\/(stages|trash)\//)
      expect(await processesOf(Number(user))).toEqual([])
      expect(await processesOf(Number(first), 65_536)).toEqual([])
    },
    TIMEOUT_MS,
  )

  it(
    'is refused the limits that nothing keeps, by the pipeline’s word and by a setting',
    async () => {
      const { output } = await runAsUser(
        script(`
        $sandpiper exec --pipeline limited; echo "asked $?"
        SANDPIPER_STEP_PIDS=100 $sandpiper exec --pipeline image --json; echo "set $?"
        $sandpiper sandbox run --host -- echo bare`),
      )
      expect(output).toContain('warning: steps run without a limit of memory, pids, cpu')
      expect(output).toContain('asks for a limit of memory, and nothing here can keep it')
      expect(output).not.toContain('| ran\n')
      expect(output).toContain('asked 1\n')
      expect(output).toContain('"code":"SP_RUNNER_LIMIT_UNKEPT"')
      expect(output).toContain('SANDPIPER_STEP_PIDS is set')
      expect(output).toContain('set 3\n')
      expect(output).toMatch(
        /sandpiper: warning: the command runs without a limit of memory, pids, cpu.*\nbare\n/,
      )
    },
    TIMEOUT_MS,
  )

  it.each([
    ['SIGKILL', 137],
    ['SIGINT', 130],
  ] as const)(
    'has one process that signals reach, and all ends with it: %s',
    async (signal, code) => {
      const command = startAsUser(script('$sandpiper exec --pipeline waits; echo "ended $?"'))
      const step = await waitFor(
        'the step',
        async () => (await findProcesses(MARK)).find(({ uid }) => uid >= 700_000_000),
        60_000,
      )
      const [runner, ...others] = await findProcesses('bin/sandpiper exec --pipeline waits')
      expect(others).toEqual([])
      expect([0, runner!.uid]).not.toContain(step.uid)
      process.kill(runner!.pid, signal)
      await command.ended
      expect(command.output()).toContain(`ended ${code}\n`)
      const isOver = async (): Promise<boolean> =>
        [...(await findProcesses(MARK)), ...(await processesOf(runner!.uid))].length === 0
      await waitFor('the end of all its processes', isOver)
    },
    TIMEOUT_MS,
  )

  it(
    'is told by doctor what works',
    async () => {
      const command = startAsUser(
        script('$sandpiper doctor --json > ../doctor.json; echo "doctor $?"; cat ../doctor.json'),
      )
      expect(await command.ended).toBe(0)
      const output = command.output()
      expect(output).toContain('doctor 0\n')
      const json = output.slice(output.indexOf('doctor 0\n') + 9)
      const { checks } = JSON.parse(json) as {
        readonly checks: readonly { readonly name: string; readonly ok: boolean }[]
      }
      const good = checks.filter(({ ok }) => ok).map(({ name }) => name)
      expect(good).toEqual(
        expect.arrayContaining(['subordinate ids', 'newuidmap', 'root of a namespace', 'sandbox']),
      )
    },
    TIMEOUT_MS,
  )
})

describeAsRoot('an ordinary user without subordinate ids', () => {
  it(
    'is told so, and what to do, by doctor and by what makes sandboxes',
    async () => {
      const { output } = await runAsUser(
        `$sandpiper doctor; echo "doctor $?"
         $sandpiper image import busybox --busybox; echo "import $?"`,
        ['--sub-ids', '0'],
      )
      expect(output).toMatch(/missing +subordinate ids.*usermod --add-subuids/)
      expect(output).toContain('doctor 3\n')
      expect(output).toMatch(/error: image import makes sandboxes, and user id \d+ can't: .*subuid/)
      expect(output).toContain('import 3\n')
    },
    TIMEOUT_MS,
  )
})
