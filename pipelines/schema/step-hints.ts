const SETTINGS = 'settings of a plugin go below `settings`'

const HINTS: Readonly<Record<string, string>> = {
  secrets: 'write `environment: {NAME: {from_secret: name}}` for each of them',
  group: 'steps run side by side when they `depends_on` the same ones',
  directory: 'did you mean `working_dir`?',
  env: 'did you mean `environment`?',
  vars: 'did you mean `environment`?',
  variables: 'did you mean `environment`?',
  script: 'did you mean `commands`?',
  run: 'did you mean `commands`?',
  needs: 'did you mean `depends_on`?',
  if: 'did you mean `when`?',
  trigger: 'did you mean `when`? `trigger` is for pipelines',
  branches: 'conditions go below `when`',
  branch: 'conditions go below `when`',
  event: 'conditions go below `when`',
  args: 'did you mean `command`?',
  type: 'a pipeline has a `type`, a step has none',
  backend_options: 'limits go below `resources`, the user is `user`',
}

/** Settings of plugins that people put beside them, as Drone 0.8 wanted it. */
const PLUGIN_SETTINGS = new Set([
  ...['repo', 'tag', 'tags', 'auto_tag', 'dockerfile', 'context', 'registry', 'build_args'],
  ...['username', 'password', 'email', 'insecure', 'mirror', 'squash', 'storage_driver'],
  ...['channel', 'webhook', 'template', 'recipients', 'from', 'host', 'hosts', 'port', 'key'],
  ...['source', 'target', 'strip_prefix', 'bucket', 'region', 'access_key', 'secret_key', 'acl'],
  ...['api_key', 'files', 'checksum', 'title', 'note', 'draft', 'prerelease', 'overwrite'],
  ...['ref', 'branch_name', 'remote', 'force', 'token', 'url', 'message', 'path', 'paths', 'cache'],
  ...['restore', 'rebuild', 'mount', 'debug', 'dry_run', 'spec', 'platforms', 'ignore_missing'],
])

/** Where a key belongs that steps do not have. */
export function stepHint(key: string): string | undefined {
  if (Object.hasOwn(HINTS, key)) return HINTS[key]
  if (PLUGIN_SETTINGS.has(key)) return SETTINGS
  return /^[A-Z][A-Z0-9_]*$/.test(key) ? 'variables go below `environment`' : undefined
}
