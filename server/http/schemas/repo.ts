import { Type } from 'typebox'
import { Id, Seconds, StringList } from './scalars.js'

/** A repo as `renderRepo` makes it, field by field: others add theirs to it. */
export const REPO = {
  id: Id,
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
  timeout: Type.Integer({ description: 'Time that a stage has, in minutes.' }),
  network_allow: Type.Union([StringList, Type.Null()], {
    description: 'All that its steps may reach outside; null: what the runner lets all.',
  }),
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

/** A repo that was just added. */
export const AddedRepo = Type.Object(
  { ...REPO, hooks: HookAddresses, hook_secret: Type.String() },
  { title: 'AddedRepo' },
)
