/**
 * Names a new tag. Gitea and Forgejo tell of one as `push` and, if asked to, as `create`; older ones only as the
 * latter. `object` is the tag's own id in both.
 */
export function tagKey(ref: string, object: string): string {
  return `${ref} ${object}`
}
