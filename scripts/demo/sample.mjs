import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { must } from '../lib/run.mjs'

const source = fileURLToPath(new URL('sample', import.meta.url))

/** Git without the configuration of whoever runs the demo. */
const gitEnv = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Ada Example',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_COMMITTER_NAME: 'Ada Example',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
}

/** Runs git in a directory. @returns its output */
export function git(cwd, ...args) {
  return must('git', args, { cwd, env: gitEnv })
}

/**
 * Makes the sample project in a bare repository and a working tree with one commit that is not pushed yet.
 * With `broken` its tests find a mistake in the program.
 */
export async function makeSample(directory, { broken }) {
  const bare = join(directory, 'hello.git')
  const work = join(directory, 'hello')
  await git(directory, 'init', '-q', '--bare', '-b', 'main', bare)
  await git(directory, 'init', '-q', '-b', 'main', work)
  mkdirSync(join(work, 'test'))
  cpSync(join(source, 'unit.sh'), join(work, 'test', 'unit.sh'))
  cpSync(join(source, 'pipeline.yml'), join(work, '.pipeline.yml'))
  const program = readFileSync(join(source, 'wordcount.c'), 'utf8')
  writeFileSync(
    join(work, 'wordcount.c'),
    broken ? program.replace('words++;', 'words += 2;') : program,
  )
  writeFileSync(
    join(work, 'README.md'),
    '# wordcount\n\nThe sample project of the Sandpiper demo.\n',
  )
  await git(work, 'add', '-A')
  await git(work, 'commit', '-q', '-m', broken ? 'Count every word twice' : 'Count lines and words')
  await git(work, 'remote', 'add', 'origin', bare)
  return { bare, work, commit: (await git(work, 'rev-parse', 'HEAD')).trim() }
}
