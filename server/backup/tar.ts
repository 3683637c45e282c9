import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { messageOf } from '../../protocol/errors.js'
import { backupFailed, backupInvalid } from './errors.js'

const run = promisify(execFile)
const PATH = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }

export interface Packed {
  readonly directory: string
  readonly names: readonly string[]
}

/** Packs files of directories into an archive. Logs may grow meanwhile, and go; what of them is there is packed. */
export async function pack(file: string, parts: readonly Packed[]): Promise<void> {
  const members = parts.flatMap(({ directory, names }) =>
    names.length === 0 ? [] : ['--directory', directory, '--', ...names].filter((a) => a !== '--'),
  )
  const options = ['--create', '--file', file, '--format', 'posix', '--numeric-owner']
  const tolerant = [
    '--warning=no-file-changed',
    '--warning=no-file-removed',
    '--ignore-failed-read',
  ]
  await run('tar', [...options, ...tolerant, ...members], { env: PATH }).catch((error: unknown) => {
    // 1: some files changed while they were read (tar(1)).
    if ((error as { readonly code?: unknown }).code !== 1) {
      throw backupFailed(`tar: ${messageOf(error)}`, 'Look whether the disk is full.')
    }
  })
}

/** @throws SandpiperError SP_BACKUP_INVALID */
export async function unpack(file: string, directory: string): Promise<void> {
  const options = ['--extract', '--file', file, '--directory', directory, '--no-same-owner']
  await run('tar', options, { env: PATH }).catch((error: unknown) => {
    const { stderr = '' } = error as { readonly stderr?: string }
    throw backupInvalid(`${file}: ${stderr.split('\n')[0] || messageOf(error)}`)
  })
}
