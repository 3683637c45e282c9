import type { Logger } from 'pino'
import { messageOf } from '../../protocol/errors.js'
import type { GitLogin } from '../../protocol/job-secrets.js'
import { forgeTokenContext } from '../secrets/sealed-columns.js'
import type { RepoRow } from '../store/repos.js'
import { sealedRepoToken } from '../store/repos.js'
import type { RepoTokenOptions } from './token.js'
import type { Forge, ForgeKind } from './types.js'

/** What git logs in with at a repo's forge to clone it; null for nothing. It never throws: what is public needs none. */
export type CloneLoginOf = (repo: RepoRow) => Promise<GitLogin | null>

/** Logins made of the tokens that forges are spoken to with. */
export function createCloneLogins(
  options: RepoTokenOptions & { readonly logger: Logger },
): CloneLoginOf {
  return async (repo) => {
    const forge = options.forges.get(repo.forge as ForgeKind)
    if (forge === undefined || !isAtForge(repo.clone_url, forge)) return null
    try {
      const token = await tokenOf(options, repo, forge)
      return token === null ? null : loginOf(forge.settings.kind, token)
    } catch (error) {
      options.logger.warn({ repoId: repo.id, reason: messageOf(error) }, 'no login to clone with')
      return null
    }
  }
}

/** A token goes to its own forge alone, and only where nobody can listen; an address with a password has its own. */
function isAtForge(cloneUrl: string, { settings }: Forge): boolean {
  const url = URL.parse(cloneUrl)
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '') return false
  return url.host === new URL(settings.url).host
}

/** The installation's comes before a person's: theirs ends while a job waits, and is renewed at the forge. */
async function tokenOf(
  { db, secrets, tokenOf: personal }: RepoTokenOptions,
  { id, owner, name, user_id: userId }: RepoRow,
  { settings }: Forge,
): Promise<string | null> {
  const sealed = await sealedRepoToken(db, id)
  if (sealed !== null) return secrets.open(sealed, forgeTokenContext({ owner, name }))
  return settings.token ?? (userId === 0 ? null : await personal(userId, settings.kind))
}

/**
 * GitHub: "Authenticating as a GitHub App installation". Gitea, Forgejo, GitLab: OAuth2 and personal access tokens.
 * Bitbucket Cloud: "Using access tokens", and "Using API tokens" for those with an address in front. Bitbucket Server:
 * "HTTP access tokens".
 */
export function loginOf(kind: ForgeKind, token: string): GitLogin {
  const [first = '', ...rest] = token.split(':')
  const password = rest.join(':')
  switch (kind) {
    case 'github':
      return { username: 'x-access-token', password: token }
    case 'gitea':
    case 'forgejo':
    case 'gitlab':
      return { username: 'oauth2', password: token }
    case 'bitbucket':
      if (!first.includes('@') || password === '') break
      return { username: 'x-bitbucket-api-token-auth', password }
    case 'bitbucket-server':
      break
  }
  return password === ''
    ? { username: 'x-token-auth', password: token }
    : { username: first, password }
}
