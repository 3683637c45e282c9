import { outputOf } from './tools.js'

export interface PackOptions {
  /** Owner root and a fixed time for everything, for trees that were made here. */
  readonly anonymous?: boolean
}

/**
 * A directory as an archive whose bytes depend on nothing but the directory: sorted, with numeric
 * owners, whole-second times and no times of access. Sockets are left out, as tar does.
 * @throws SandpiperError SP_LAYER_TOOL, also when a file changes while it is read
 */
export function packDirectory(
  directory: string,
  options: PackOptions = {},
): AsyncGenerator<Buffer> {
  const anonymous = options.anonymous === true ? ['--owner=0', '--group=0', '--mtime=@0'] : []
  return outputOf('tar', [
    '--create',
    '--file=-',
    `--directory=${directory}`,
    '--sort=name',
    '--format=posix',
    '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime,delete=mtime',
    '--numeric-owner',
    '--xattrs',
    '--xattrs-include=user.*',
    '--xattrs-include=security.capability',
    '--warning=no-file-ignored',
    ...anonymous,
    '.',
  ])
}
