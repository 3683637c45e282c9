import type { MirrorContext } from './context.js'
import { runGit } from './run.js'
import type { CommitFacts } from './types.js'

/** Longest message, in UTF-16 code units; the rest is cut off. */
const MESSAGE_MAX = 64 * 1024
const NAME_MAX = 1024
/** A commit can be made with a message of any length. */
const OUTPUT_BYTES_MAX = 8 * 1024 * 1024

/** What `GitMirror.describe` says; `commit` is in the mirror. */
export async function describeCommit(context: MirrorContext, commit: string): Promise<CommitFacts> {
  const stdout = await runGit({
    home: await context.home(),
    directory: context.path,
    gitDirectory: context.path,
    // %x00 can't be part of a commit's texts.
    args: ['log', '-1', '--no-show-signature', '--format=%an%x00%ae%x00%ct%x00%B', commit, '--'],
    transports: '',
    stdoutBytesMax: OUTPUT_BYTES_MAX,
  })
  const [name = '', email = '', seconds = '', message = ''] = stdout.toString('utf8').split('\0')
  return {
    name: name.slice(0, NAME_MAX),
    email: email.slice(0, NAME_MAX),
    committed: Number(seconds) * 1_000,
    message: message.trimEnd().slice(0, MESSAGE_MAX),
  }
}
