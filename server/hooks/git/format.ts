import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { GIT_HOOK_SIGNATURE_HEADER } from '../../../protocol/git-hook.js'
import type { GitHookPayload } from '../../../protocol/git-hook.js'
import { decode, parseJson } from '../decode.js'
import { hmacSha256 } from '../signature.js'
import { pushReading } from '../push.js'
import { cleanTime } from '../text.js'
import type { HookFormat } from '../reading.js'

const Payload = Compile(
  Type.Object({
    delivery: Type.String({ pattern: '^[\\x21-\\x7e]{1,128}$' }),
    repo: Type.String(),
    ref: Type.String(),
    before: Type.Optional(Type.String()),
    after: Type.String(),
    message: Type.Optional(Type.String()),
    author: Type.Optional(
      Type.Object({ name: Type.Optional(Type.String()), email: Type.Optional(Type.String()) }),
    ),
    committed: Type.Optional(Type.Number()),
    pusher: Type.Optional(Type.String()),
    time: Type.Optional(Type.Number()),
  }),
)

/** Our own hook: what `sandpiper hook install` makes a repo send, and easy to send by hand. */
export const gitFormat: HookFormat = {
  forge: 'git',
  scheme: hmacSha256({ [GIT_HOOK_SIGNATURE_HEADER]: 'sha256=', 'x-hub-signature-256': 'sha256=' }),
  repoField: 'repo',
  read: (_headers, body) => {
    const payload: GitHookPayload = decode(Payload, parseJson(body))
    return {
      deliveryId: payload.delivery,
      slug: payload.repo,
      eventName: 'push',
      ...pushReading({
        ref: payload.ref,
        before: payload.before ?? '',
        after: payload.after,
        deleted: false,
        baseRef: '',
        message: payload.message ?? '',
        committed: cleanTime(payload.committed),
        link: '',
        author: { login: '', avatar: '', ...payload.author },
        sender: payload.pusher ?? '',
      }),
    }
  },
}
