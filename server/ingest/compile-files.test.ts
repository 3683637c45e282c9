import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMirrors } from '../../git/mirrors.js'
import type { GitMirror } from '../../git/types.js'
import { GitRepo } from '../testing/git-repo.js'
import { pushEvent } from '../testing/test-server.js'
import { compileFiles, type CompiledFiles } from './compile-files.js'

const REPO = {
  ...{ owner: 'o', name: 'n', slug: 'o/n', cloneUrl: '/git', link: '', defaultBranch: 'main' },
  private: false,
}

let directory: string
let repo: GitRepo
let mirror: GitMirror
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sandpiper-compile-'))
  repo = await GitRepo.create(join(directory, 'git'))
  const source = { id: 1, slug: 'o/n', cloneUrl: repo.path, allowFileTransport: true }
  mirror = createMirrors(join(directory, 'mirrors')).open(source)
})
afterAll(() => rm(directory, { recursive: true, maxRetries: 20, retryDelay: 50 }))

/** Compiles a file that includes others of the same commit. */
async function compile(
  text: string,
  files: Readonly<Record<string, string>> = {},
): Promise<CompiledFiles> {
  const commit = await repo.commit(files)
  await mirror.fetchCommit(commit, 'refs/heads/main')
  const sources = [{ file: '.pipeline.yml', text }]
  return compileFiles(mirror, commit, sources, { event: pushEvent(commit), repo: REPO })
}

const including = (path: string): string => `kind: pipeline\nsteps:\n  - include: ${path}\n`

function messagesOf(compiled: CompiledFiles): string {
  return 'error' in compiled
    ? compiled.error
    : compiled.diagnostics.map(({ message }) => message).join('\n')
}

describe('included files', () => {
  it('are read at the same commit', async () => {
    const compiled = await compile(including('ci/steps.yml'), {
      'ci/steps.yml': 'steps:\n  - {name: a, image: alpine, commands: [make]}\n',
    })
    expect(messagesOf(compiled)).toBe('')
    expect('plan' in compiled && compiled.plan?.stages[0]?.steps.map(({ name }) => name)).toEqual([
      'clone',
      'a',
    ])
  })

  it.each(['ci/none.yml', 'ci', 'ci/link.yml'])(
    'that are no file of the repo are told of: %s',
    async (path) => {
      await mkdir(join(repo.path, 'ci'), { recursive: true })
      await rm(join(repo.path, 'ci/link.yml'), { force: true })
      await symlink('/etc/passwd', join(repo.path, 'ci/link.yml'))
      const compiled = await compile(including(path), { 'ci/real.yml': '' })
      expect('plan' in compiled && compiled.plan).toBeNull()
      expect(messagesOf(compiled)).toContain(`there is no file \`${path}\``)
    },
  )

  it('that include each other end', async () => {
    const compiled = await compile(including('ci/a.yml'), {
      'ci/a.yml': '- include: ci/b.yml\n',
      'ci/b.yml': '- include: ci/a.yml\n',
    })
    expect('plan' in compiled && compiled.plan).toBeFalsy()
    expect(messagesOf(compiled)).toContain('files include each other')
  })

  it('that are too large are refused', async () => {
    const large = `# ${'x'.repeat(5 * 1024 * 1024)}\n`
    await expect(
      compile(including('ci/large.yml'), { 'ci/large.yml': large }),
    ).rejects.toMatchObject({ code: 'SP_GIT_FILE_TOO_LARGE' })
  })
})
