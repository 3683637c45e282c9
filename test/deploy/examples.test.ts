import { expect, it } from '@jest/globals'
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import { resolveSettings } from '../../cli/config/resolve.js'
import { Metrics } from '../../server/metrics/metrics.js'
import { ROOT } from '../support/root.js'

const run = promisify(execFile)
const DEPLOY = path.join(ROOT, 'deploy')

it('has units that systemd understands', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'sandpiper-units-'))
  try {
    const names = (await readdir(path.join(DEPLOY, 'systemd'))).filter((it) =>
      it.endsWith('.service'),
    )
    expect(names).toHaveLength(3)
    for (const name of names) {
      const unit = await readFile(path.join(DEPLOY, 'systemd', name), 'utf8')
      // What it starts has to be there for the check to pass.
      await writeFile(path.join(directory, name), unit.replaceAll('/opt/sandpiper', ROOT))
      const { stderr } = await run('systemd-analyze', ['verify', path.join(directory, name)])
      expect(stderr).toBe('')
    }
  } finally {
    await rm(directory, { recursive: true })
  }
})

it('has settings that all three commands take', async () => {
  const text = await readFile(path.join(DEPLOY, 'systemd/sandpiper.env'), 'utf8')
  const given = [...text.matchAll(/^(?:# )?(SANDPIPER_\w+)=(.*)$/gm)]
  const directory = await mkdtemp(path.join(tmpdir(), 'sandpiper-settings-'))
  try {
    const file = path.join(directory, 'secret')
    await writeFile(file, 'a secret of many characters\n')
    // The files that it names are not here.
    const values = given.map(([, name = '', value]) => [
      name,
      name.endsWith('_FILE') ? file : value,
    ])
    const env = Object.fromEntries(values) as Record<string, string>
    expect(Object.keys(env).length).toBeGreaterThan(10)
    for (const scope of ['standalone', 'server', 'runner'] as const) {
      expect(() => resolveSettings({ env, flags: {}, scope })).not.toThrow()
    }
  } finally {
    await rm(directory, { recursive: true })
  }
})

it('names only metrics that there are', async () => {
  const text = await readFile(path.join(DEPLOY, 'prometheus/sandpiper-alerts.yml'), 'utf8')
  const { groups } = parse(text) as { groups: { rules: { expr: string }[] }[] }
  const named = groups.flatMap(({ rules }) =>
    rules.flatMap(({ expr }) => expr.match(/sandpiper_[a-z_]+/g) ?? []),
  )
  const gauges = await readFile(path.join(ROOT, 'server/metrics/gauges.ts'), 'utf8')
  const known = await new Metrics().registry.metrics()
  for (const name of named) {
    const base = name.replace(/_bucket$/, '')
    const isGauge = gauges.includes(`'${base.replace('sandpiper_', '')}'`)
    expect({ name, isKnown: isGauge || known.includes(`# TYPE ${base} `) }).toEqual({
      name,
      isKnown: true,
    })
  }
})
