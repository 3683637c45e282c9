import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { messageOf } from '../../protocol/errors.js'
import {
  GIT_HOOK_SIGNATURE_HEADER,
  signBody,
  type GitHookPayload,
} from '../../protocol/git-hook.js'
import type { HookConfig } from './config.js'
import { commitFacts, isNullId, type RefUpdate } from './git-facts.js'

export interface SendOptions {
  readonly config: HookConfig
  /** The repository that was pushed to, for facts about the commit. */
  readonly gitDir: string
  readonly pusher: string
  /** Unix time in milliseconds. */
  readonly now: number
  /** Pauses before the second and later tries. Default 0.3, 1 and 3 s. */
  readonly retryDelaysMs?: readonly number[]
}

/** What became of one ref's delivery, in words for the person who pushes. */
export interface SendResult {
  readonly ref: string
  readonly ok: boolean
  readonly text: string
  /** Number and page of the build, when one was made. */
  readonly build: { readonly number: number; readonly link: string } | null
}

const RETRY_DELAYS_MS = [300, 1000, 3000]
const TRY_TIMEOUT_MS = 10_000
const MESSAGE_CHARS_MAX = 64 * 1024

/** Delivers one pushed ref. Never throws: the push it tells about has already happened. */
export async function sendRefUpdate(update: RefUpdate, options: SendOptions): Promise<SendResult> {
  const { config } = options
  const body = JSON.stringify(await makePayload(update, options))
  const headers = {
    'content-type': 'application/json',
    [GIT_HOOK_SIGNATURE_HEADER]: signBody(config.secret, body),
  }
  let problem = ''
  // The same body, so the same delivery id, each time: a try whose answer was lost makes no second build.
  for (const pauseMs of [0, ...(options.retryDelaysMs ?? RETRY_DELAYS_MS)]) {
    if (pauseMs > 0) await delay(pauseMs)
    const outcome = await tryOnce(`${config.server}/hooks/git`, body, headers)
    if (outcome.kind === 'done') return { ref: update.ref, ...outcome.result }
    problem = outcome.problem
  }
  return {
    ref: update.ref,
    ok: false,
    build: null,
    text: `${config.server} was not reached: ${problem}`,
  }
}

type Outcome =
  | { readonly kind: 'done'; readonly result: Omit<SendResult, 'ref'> }
  | { readonly kind: 'retry'; readonly problem: string }

async function tryOnce(
  url: string,
  body: string,
  headers: Record<string, string>,
): Promise<Outcome> {
  try {
    const signal = AbortSignal.timeout(TRY_TIMEOUT_MS)
    const response = await fetch(url, { method: 'POST', body, headers, redirect: 'error', signal })
    const answer: unknown = await response.json().catch(() => null)
    if (response.status >= 500) return { kind: 'retry', problem: `it answered ${response.status}` }
    return { kind: 'done', result: readAnswer(response, answer) }
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
    return { kind: 'retry', problem: messageOf(cause) }
  }
}

function readAnswer(response: Response, answer: unknown): Omit<SendResult, 'ref'> {
  const fields = typeof answer === 'object' && answer !== null ? answer : {}
  const { number, link, reason, detail } = fields as Record<string, unknown>
  if (!response.ok) {
    const why = typeof detail === 'string' ? detail : response.statusText
    return { ok: false, build: null, text: `refused (${response.status}): ${why}` }
  }
  if (typeof number === 'number' && typeof link === 'string') {
    return { ok: true, build: { number, link }, text: `build #${number} ${link}` }
  }
  return {
    ok: true,
    build: null,
    text: `no build: ${typeof reason === 'string' ? reason : 'no reason given'}`,
  }
}

async function makePayload(update: RefUpdate, options: SendOptions): Promise<GitHookPayload> {
  const head = {
    delivery: randomUUID(),
    repo: options.config.repo,
    ref: update.ref,
    before: update.before,
    pusher: options.pusher,
    time: options.now,
  }
  if (isNullId(update.after)) return { ...head, after: update.after }
  const facts = await commitFacts(options.gitDir, update.after)
  return {
    ...head,
    after: facts.id || update.after,
    message: facts.message.slice(0, MESSAGE_CHARS_MAX),
    author: facts.author,
  }
}
