#!/usr/bin/env node
// `npm run test:rootless`: the native suites as an ordinary user who is root of a user namespace. Root makes
// such a user for it; an ordinary user is the one himself.
//   node scripts/test-rootless.mjs [PATTERN...]   only tests below these paths
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const asUser = process.getuid() === 0 ? [join(root, 'scripts/as-user.mjs'), process.execPath] : []
const { status, error } = spawnSync(
  process.execPath,
  [...asUser, join(root, 'test/rootless/inside.mjs'), ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit' },
)
if (error) throw error
process.exitCode = status ?? 1
