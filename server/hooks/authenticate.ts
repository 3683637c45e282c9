import { setImmediate } from 'node:timers/promises'
import { SandpiperError } from '../../protocol/errors.js'
import type { HookSecret, Repo, RepoService } from '../services.js'
import { TRIAL_BYTES_MAX, TRIALS_MAX } from './limits.js'
import type { SignatureScheme } from './signature.js'

const SLUG = /^[^/]+\/[^/]+$/

/** A delivery whose sender nobody knows yet. */
export interface Unverified {
  readonly body: Buffer
  readonly scheme: SignatureScheme
  /** What the sender gives to prove that it knows the secret. */
  readonly claim: Buffer
  /** `owner/name` from `?repo=`, where the sender's URL has it. */
  readonly namedRepo: string | undefined
  /** Without it: what the body seems to be about, see `reposNamedIn`. */
  readonly names: () => readonly string[]
}

/**
 * The repos whose secret the body was signed with: never empty, more than one when repos share a secret.
 * @throws SandpiperError SP_HOOK_REPO_UNKNOWN, SP_HOOK_BAD_SIGNATURE, SP_HOOK_REPO_UNNAMED
 */
export async function authenticate(
  repos: RepoService,
  delivery: Unverified,
): Promise<readonly Repo[]> {
  const { body, namedRepo, scheme, claim } = delivery
  const secrets = await candidates(repos, delivery)
  if (secrets.length > 1 && secrets.length * body.length > TRIAL_BYTES_MAX) throw repoUnnamed()
  const signers: Repo[] = []
  for (const [index, { repo, secret }] of secrets.entries()) {
    // Hashing a large body many times must not hold up everybody else.
    if (index > 0) await setImmediate()
    if (scheme.matches(secret, body, claim)) signers.push(repo)
  }
  if (signers.length === 0) throw badSignature(namedRepo)
  return signers
}

/** Secrets to try: most of what comes without a good one is from strangers, and costs as little as can be. */
async function candidates(
  repos: RepoService,
  { namedRepo, names }: Unverified,
): Promise<readonly HookSecret[]> {
  if (namedRepo !== undefined) {
    const secrets = SLUG.test(namedRepo) ? await repos.hookSecrets(namedRepo) : []
    if (secrets.length === 0) throw unknownRepo(namedRepo)
    return secrets
  }
  const named = names()
  const secrets = await repos.hookSecretsOf(named.length === 0 ? 'all' : named, TRIALS_MAX)
  if (secrets === null) throw tooManyRepos()
  const [first] = named
  if (secrets.length === 0 && first !== undefined) throw unknownRepo(first)
  return secrets
}

/**
 * The one of the signers that the delivery is about; any of them when it does not say.
 * @throws SandpiperError SP_HOOK_BAD_SIGNATURE when it names a repo with another secret,
 *   SP_HOOK_REPO_UNKNOWN when it names none that is here
 */
export async function repoOfDelivery(
  repos: RepoService,
  signers: readonly Repo[],
  slug: string | null,
): Promise<Repo> {
  const [first] = signers
  if (slug === null && first !== undefined) return first
  if (slug === null) throw badSignature(undefined)
  const caseless = (repo: Repo) => slugOf(repo).toLowerCase() === slug.toLowerCase()
  const repo = signers.find((signer) => slugOf(signer) === slug) ?? signers.find(caseless)
  if (repo !== undefined) return repo
  const other = signers.find((signer) => isNamedOtherwise(signer, slug))
  if (other !== undefined) return other
  const [owner = '', name = ''] = slug.split('/')
  const isKnown = SLUG.test(slug) && (await repos.find(owner, name)) !== null
  throw isKnown ? badSignature(slug) : unknownRepo(slug)
}

/**
 * Some names can't be an owner's here: GitLab's subgroups (`group/sub/name`) and a person's project on Bitbucket Server
 * (`~owner/name`). The secret has said already which repo it is.
 */
function isNamedOtherwise({ owner, name }: Repo, slug: string): boolean {
  const parts = slug.toLowerCase().split('/')
  const isName = parts.at(-1) === name.toLowerCase()
  return isName && (parts.length > 2 || parts[0] === `~${owner.toLowerCase()}`)
}

/** `owner/name`. */
export function slugOf(repo: Pick<Repo, 'owner' | 'name'>): string {
  return `${repo.owner}/${repo.name}`
}

function badSignature(slug: string | undefined): SandpiperError {
  const whose = slug === undefined ? 'any repo' : quote(slug)
  return new SandpiperError(
    'SP_HOOK_BAD_SIGNATURE',
    `The signature was not made with the hook secret of ${whose}, or the body was changed.`,
    {
      hint: "Put the secret that 'sandpiper repo add' printed into the webhook's settings; 'GET /api/repos/OWNER/NAME/hook-secret' shows it again.",
    },
  )
}

function unknownRepo(slug: string): SandpiperError {
  return new SandpiperError('SP_HOOK_REPO_UNKNOWN', `There is no active repo ${quote(slug)}.`, {
    hint: "Add it with 'sandpiper repo add OWNER/NAME --clone-url URL'.",
  })
}

function repoUnnamed(): SandpiperError {
  return new SandpiperError(
    'SP_HOOK_REPO_UNNAMED',
    "The body is too large to try every repo's secret on it.",
    { hint: "Add ?repo=OWNER/NAME to the webhook's URL." },
  )
}

function tooManyRepos(): SandpiperError {
  return new SandpiperError(
    'SP_HOOK_REPO_UNNAMED',
    "The body does not say which repo it is about, and there are too many to try every one's secret on it.",
    { hint: "Add ?repo=OWNER/NAME to the webhook's URL." },
  )
}

function quote(slug: string): string {
  return JSON.stringify(slug.slice(0, 200))
}
