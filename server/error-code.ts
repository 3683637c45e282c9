/** True when something that was thrown has that `code`, as Node's system errors and ours do. */
export function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code
}
