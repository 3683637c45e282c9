import type { FieldError } from './invalid-request.js'

/** What each error code of the HTTP side is in HTTP: status code and title of its problem document. */
export const PROBLEMS: Readonly<
  Record<string, { readonly status: number; readonly title: string }>
> = Object.freeze({
  SP_HTTP_INVALID: { status: 400, title: 'Invalid request' },
  SP_HTTP_UNAUTHORIZED: { status: 401, title: 'Not authorized' },
  SP_HTTP_FORBIDDEN: { status: 403, title: 'Not allowed' },
  SP_HTTP_CSRF: { status: 403, title: 'Made by another page' },
  SP_HTTP_TOKEN_IN_URL: { status: 400, title: 'Token in the address' },
  SP_HTTP_TOO_MANY_REQUESTS: { status: 429, title: 'Too many requests' },
  SP_HTTP_NOT_FOUND: { status: 404, title: 'Not found' },
  SP_HTTP_METHOD: { status: 405, title: 'Method not allowed' },
  SP_HTTP_NOT_ACCEPTABLE: { status: 406, title: 'No such format' },
  SP_HTTP_TIMEOUT: { status: 408, title: 'Request took too long' },
  SP_HTTP_BODY_TOO_LARGE: { status: 413, title: 'Body too large' },
  SP_HTTP_URL_TOO_LONG: { status: 414, title: 'Address too long' },
  SP_HTTP_MEDIA_TYPE: { status: 415, title: 'Unsupported content type' },
  SP_HTTP_EXPECTATION: { status: 417, title: 'Expectation not met' },
  SP_HTTP_HEADERS_TOO_LARGE: { status: 431, title: 'Headers too large' },
  SP_STORE_UNAVAILABLE: { status: 503, title: 'Database away' },
  SP_HTTP_INTERNAL: { status: 500, title: 'Internal error' },
  SP_HOOK_BODY_INVALID: { status: 400, title: 'Invalid delivery' },
  SP_HOOK_REPO_UNNAMED: { status: 400, title: 'Repo not named' },
  SP_HOOK_UNSIGNED: { status: 401, title: 'Delivery not signed' },
  SP_HOOK_BAD_SIGNATURE: { status: 401, title: 'Wrong signature' },
  SP_HOOK_REPO_UNKNOWN: { status: 404, title: 'Unknown repo' },
  SP_REPO_INVALID: { status: 400, title: 'Invalid repo' },
  SP_REPO_UNKNOWN: { status: 404, title: 'Unknown repo' },
  SP_REPO_EXISTS: { status: 409, title: 'Repo exists' },
  SP_BUILD_PARAM_INVALID: { status: 400, title: 'Invalid parameter' },
  SP_BUILD_REQUEST_INVALID: { status: 400, title: 'Invalid build' },
  SP_BUILD_NOT_ENDED: { status: 409, title: 'Build has not ended' },
  SP_BUILD_NOT_APPROVED: { status: 409, title: 'Build is not approved' },
  SP_BUILD_NOT_BLOCKED: { status: 409, title: 'Build does not wait' },
  SP_BUILD_STAGE_UNKNOWN: { status: 404, title: 'Unknown stage' },
  SP_BUILD_STAGE_UNREADY: { status: 409, title: 'Stage would not run' },
  SP_BUILD_NOTHING_FAILED: { status: 409, title: 'Nothing failed' },
  SP_CRON_INVALID: { status: 400, title: 'Invalid cron' },
  SP_CRON_EXISTS: { status: 409, title: 'Cron exists' },
  SP_CRON_UNKNOWN: { status: 404, title: 'Unknown cron' },
  SP_BUILD_UNKNOWN: { status: 404, title: 'Unknown build' },
  SP_USER_INVALID: { status: 400, title: 'Invalid user' },
  SP_USER_UNKNOWN: { status: 404, title: 'Unknown user' },
  SP_USER_EXISTS: { status: 409, title: 'User exists' },
  SP_USER_AMBIGUOUS: { status: 409, title: 'Several users' },
  SP_TOKEN_INVALID: { status: 400, title: 'Invalid token' },
  SP_TOKEN_UNKNOWN: { status: 404, title: 'Unknown token' },
  SP_TOKEN_EXISTS: { status: 409, title: 'Token exists' },
  SP_TOKEN_LIMIT: { status: 409, title: 'Too many tokens' },
  SP_SESSION_UNKNOWN: { status: 404, title: 'Unknown session' },
  SP_LOGIN_FORGE_UNKNOWN: { status: 404, title: 'Unknown forge' },
  SP_LOGIN_FAILED: { status: 400, title: 'Sign-in failed' },
  SP_LOGIN_REFUSED: { status: 403, title: 'Sign-in refused' },
  SP_FORGE_UNAUTHORIZED: { status: 502, title: 'The forge refuses' },
  SP_FORGE_UNREACHABLE: { status: 502, title: 'The forge does not answer' },
  SP_FORGE_RATE_LIMITED: { status: 503, title: 'The forge asks to wait' },
  SP_FORGE_FAILED: { status: 502, title: 'The forge refuses' },
  SP_PEOPLE_NO_FORGE: { status: 409, title: 'No forge to ask' },
  SP_DELIVERY_UNKNOWN: { status: 404, title: 'Unknown delivery' },
  SP_DELIVERY_NO_BODY: { status: 409, title: 'Body not kept' },
  SP_SECRET_INVALID: { status: 400, title: 'Invalid secret' },
  SP_SECRET_UNKNOWN: { status: 404, title: 'Unknown secret' },
  SP_SECRET_EXISTS: { status: 409, title: 'Secret exists' },
  SP_SECRET_LIMIT: { status: 409, title: 'Too many' },
  SP_REGISTRY_LOGIN_UNKNOWN: { status: 404, title: 'Unknown registry login' },
  SP_REGISTRY_LOGIN_EXISTS: { status: 409, title: 'Registry login exists' },
  SP_LOG_UNKNOWN: { status: 404, title: 'Unknown log' },
  SP_LOG_REMOVED: { status: 410, title: 'Log removed' },
  SP_LOG_RUNNING: { status: 409, title: 'Log grows' },
  SP_LOG_BUSY: { status: 503, title: 'Too many searches' },
  SP_LOG_RANGE: { status: 416, title: 'No such part' },
  SP_BLOB_FAILED: { status: 503, title: 'Archive not available' },
  SP_BLOB_MISSING: { status: 410, title: 'Log removed' },
})

/** RFC 9457 problem document; `code` and `hint` are ours. */
export interface ProblemDocument {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly instance: string
  readonly code: string
  readonly hint: string
  /** Every field of the request that is not valid, where there are some. */
  readonly errors?: readonly FieldError[]
}

/** The problem document of an error code; an unknown code is an internal error. */
export function problemDocument(options: {
  readonly code: string
  readonly detail: string
  readonly hint: string
  readonly requestId: string
  readonly errors?: readonly FieldError[]
}): ProblemDocument {
  const known = Object.hasOwn(PROBLEMS, options.code) ? PROBLEMS[options.code] : undefined
  const { status, title } = known ?? { status: 500, title: 'Internal error' }
  return {
    type: `urn:sandpiper:error:${options.code}`,
    title,
    status,
    detail: options.detail,
    instance: `urn:uuid:${options.requestId}`,
    code: options.code,
    hint: options.hint,
    ...(options.errors === undefined ? {} : { errors: options.errors }),
  }
}
