import { Type } from 'typebox'
import { Id, Seconds, StringList } from './scalars.js'

/** A token of a forge, as a request sets it: what can stand in a header. */
export const ForgeToken = Type.String({ minLength: 1, maxLength: 4096, pattern: '^[!-~]+$' })

/** A repo as `renderRepo` makes it, field by field: others add theirs to it. */
export const REPO = {
  id: Id,
  uid: Type.String({ description: "The forge's own id of it; empty when not known." }),
  user_id: Type.Integer({ description: 'Who its statuses are sent for; 0: nobody.' }),
  namespace: Type.String(),
  name: Type.String(),
  slug: Type.String(),
  scm: Type.String(),
  clone_url: Type.String(),
  git_http_url: Type.String(),
  git_ssh_url: Type.String(),
  link: Type.String(),
  default_branch: Type.String(),
  private: Type.Boolean(),
  visibility: Type.String({ description: '`public`, `internal` or `private`.' }),
  active: Type.Boolean(),
  trusted: Type.Boolean({ description: 'Always false: no step gets more than others.' }),
  protected: Type.Boolean(),
  require_approval: Type.String(),
  ignore_forks: Type.Boolean(),
  ignore_pull_requests: Type.Boolean(),
  auto_cancel_pull_requests: Type.Boolean(),
  auto_cancel_pushes: Type.Boolean(),
  auto_cancel_running: Type.Boolean(),
  throttle: Type.Integer({ description: 'Stages that run at once; 0: any number.' }),
  timeout: Type.Integer({ description: 'Time that a stage has, in minutes.' }),
  network_allow: Type.Union([StringList, Type.Null()], {
    description: 'All that its steps may reach outside; null: what the runner lets all.',
  }),
  forge: Type.String({ description: 'Kind of its forge; empty: none that the server talks to.' }),
  keep_days: Type.Integer(),
  keep_builds: Type.Integer(),
  keep_bytes: Type.Integer(),
  counter: Type.Integer({ description: 'Number of the newest build.' }),
  created: Seconds,
  updated: Seconds,
  version: Type.Integer(),
} as const

/** A repo. */
export const Repo = Type.Object(REPO, { title: 'Repo' })

/** Where the webhooks of a repo go, by forge. */
export const HookAddresses = Type.Record(Type.String(), Type.String())

/** A repo and where its webhooks go. */
export const RepoWithHooks = Type.Object(
  { ...REPO, hooks: HookAddresses },
  { title: 'RepoWithHooks' },
)

/** How its webhook stands at its forge. */
const HookOutcome = Type.Object(
  {
    set: Type.Boolean({ description: 'Whether the forge sends its events here.' }),
    reason: Type.String({ description: 'Why not as wanted, and what to do; empty when it is.' }),
  },
  { title: 'HookOutcome' },
)

/** A repo that was just added. */
export const AddedRepo = Type.Object(
  { ...REPO, hooks: HookAddresses, hook_secret: Type.String(), hook: HookOutcome },
  { title: 'AddedRepo' },
)

/** A repo that was just enabled or disabled. */
export const SwitchedRepo = Type.Object({ ...REPO, hook: HookOutcome }, { title: 'SwitchedRepo' })
