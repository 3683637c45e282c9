/** What becomes of a setting of a plugin that builds images. */
export type Meaning =
  /** It is read. */
  | 'used'
  /** It has no effect, as it is about a Docker daemon, and there is none. */
  | 'daemon'
  /** It has no effect here for another reason. */
  | { readonly noEffect: string }

const CACHE = { noEffect: 'layers that were built here before are kept anyway' }
const ATTESTATION = { noEffect: 'images are pushed without attestations' }
const KANIKO = { noEffect: 'it is about how kaniko works' }
const AWS = { noEffect: 'policies of repositories at AWS are not changed here' }
const IMMUTABLE = { noEffect: 'tags are pushed whether they are there or not' }

/**
 * Every setting that the plugins in `pipelines/builders` read, by its name in capitals with `_` for dots and
 * dashes. What is in none of them is told as unknown.
 */
export const SETTINGS_TABLE: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ...named('used', [
    ...['REPO', 'TAG', 'TAGS', 'TAGS_FILE', 'TAG_FILE', 'AUTO_TAG', 'DEFAULT_TAGS', 'DEFAULT_TAG'],
    ...['AUTO_TAG_SUFFIX', 'DEFAULT_SUFFIX', 'EXPAND_TAG', 'EXPAND_REPO'],
    ...['DOCKERFILE', 'CONTEXT', 'CONTEXT_SUB_PATH', 'TARGET', 'PLATFORM', 'PLATFORMS'],
    ...['CUSTOM_PLATFORM', 'BUILD_ARGS', 'BUILD_ARGS_NEW', 'MULTIPLE_BUILD_ARGS'],
    ...['BUILD_ARGS_FROM_ENV', 'SECRET', 'SECRETS', 'SECRETS_FROM_ENV', 'SECRETS_FROM_FILE'],
    ...['LABEL', 'LABELS', 'CUSTOM_LABELS', 'LABEL_SCHEMA', 'AUTO_LABEL', 'AUTO_LABELS'],
    ...['DEFAULT_LABELS', 'REPO_LINK', 'DRY_RUN', 'NO_PUSH', 'PUSH', 'PULL_IMAGE', 'NO_CACHE'],
    ...['CACHE_FROM', 'CACHE_IMAGES', 'QUIET', 'OUTPUT'],
    ...['REGISTRY', 'USERNAME', 'PASSWORD', 'LOGINS', 'CONFIG', 'DOCKER_CONFIG_JSON'],
    ...['DOCKER_REGISTRY', 'DOCKER_USERNAME', 'DOCKER_PASSWORD', 'BASE_IMAGE_REGISTRY'],
    ...['BASE_IMAGE_USERNAME', 'BASE_IMAGE_PASSWORD'],
    ...['JSON_KEY', 'LOCATION', 'APP', 'PROCESS_TYPE', 'API_KEY', 'EMAIL'],
    ...['REGION', 'ACCESS_KEY', 'SECRET_KEY', 'ASSUME_ROLE', 'EXTERNAL_ID'],
    ...['AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'],
    ...['SESSION_TOKEN', 'CREATE_REPOSITORY', 'ECR_CREATE_REPOSITORY'],
    ...['SCAN_ON_PUSH', 'ECR_SCAN_ON_PUSH'],
  ]),
  ...named('daemon', [
    ...['STORAGE_DRIVER', 'STORAGE_PATH', 'BIP', 'MTU', 'CUSTOM_DNS', 'CUSTOM_DNS_SEARCH', 'IPV6'],
    ...['EXPERIMENTAL', 'DEBUG', 'LAUNCH_DEBUG', 'DAEMON_OFF', 'DAEMON_RETRY_COUNT', 'PURGE'],
    ...['BUILDKIT_CONFIG', 'BUILDKIT_DEBUG', 'BUILDKIT_DRIVEROPT', 'COMPRESS', 'CLEANUP'],
    ...['DAEMON_REGISTRY', 'REGISTRY_TYPE'],
  ]),
  ...named(CACHE, [
    ...['CACHE_TO', 'ENABLE_CACHE', 'CACHE_REPO', 'CACHE_TTL', 'CACHE_DIR', 'CACHE_COPY_LAYERS'],
    ...['CACHE_RUN_LAYERS', 'COMPRESSED_CACHING'],
  ]),
  ...named(ATTESTATION, ['PROVENANCE', 'SBOM', 'COSIGN_PRIVATE_KEY', 'COSIGN_PASSWORD']),
  ...named(ATTESTATION, ['COSIGN_PARAMS']),
  ...named(KANIKO, [
    ...['SNAPSHOT_MODE', 'USE_NEW_RUN', 'SINGLE_SNAPSHOT', 'SKIP_UNUSED_STAGES', 'VERBOSITY'],
    ...['LOG_FORMAT', 'LOG_TIMESTAMP', 'FORCE', 'REPRODUCIBLE', 'IGNORE_PATH', 'IGNORE_PATHS'],
    ...['IGNORE_VAR_RUN', 'IMAGE_FS_EXTRACT_RETRY', 'IMAGE_DOWNLOAD_RETRY', 'PUSH_RETRY'],
    ...['SKIP_PUSH_PERMISSION_CHECK', 'SKIP_DEFAULT_REGISTRY_FALLBACK', 'EXTRA_OPTS'],
  ]),
  ...named(AWS, ['LIFECYCLE_POLICY', 'REPOSITORY_POLICY']),
  ...named(AWS, ['ECR_LIFECYCLE_POLICY', 'ECR_REPOSITORY_POLICY']),
  ...named(IMMUTABLE, ['SKIP_PUSH_IF_TAG_EXISTS']),
  ...named({ noEffect: 'SANDPIPER_REGISTRY_MIRRORS of the runner names mirrors' }, [
    'MIRROR',
    'REGISTRY_MIRRORS',
  ]),
  ...named({ noEffect: 'SANDPIPER_REGISTRY_INSECURE of the runner says which registries may be' }, [
    ...['INSECURE', 'INSECURE_PULL', 'INSECURE_REGISTRY', 'SKIP_TLS_VERIFY'],
    ...['SKIP_TLS_VERIFY_PULL', 'SKIP_TLS_VERIFY_REGISTRY'],
  ]),
  ...named({ noEffect: 'only Docker with experimental features joins layers' }, ['SQUASH']),
  ...named({ noEffect: 'tags are replaced anyway' }, ['FORCE_TAG']),
  ...named({ noEffect: 'put the host into extra_hosts of the step' }, ['ADD_HOST']),
  ...named({ noEffect: 'no such file is written here' }, [
    ...['ARTIFACT_FILE', 'IMAGE_NAME_WITH_DIGEST_FILE', 'IMAGE_NAME_TAG_WITH_DIGEST_FILE'],
  ]),
])

/** Settings that change what is made so much that a build without them would be wrong. */
export const REFUSED_SETTINGS: ReadonlyMap<string, string> = new Map([
  ['SSH_AGENT_KEY', 'a build has no SSH agent: use `secret` with RUN --mount=type=secret'],
  ['PUSH_ONLY', 'there is no image of a daemon to be pushed: let this step build it'],
  ['SOURCE_IMAGE', 'there is no image of a daemon to be pushed: let this step build it'],
  ['SOURCE_TAR_PATH', 'archives are not pushed: let this step build the image'],
  ['TAR_PATH', 'images are pushed, and not written to archives'],
  ['DESTINATION_TAR_PATH', 'images are pushed, and not written to archives'],
  ['OCI_LAYOUT_PATH', 'images are pushed, and not written to directories'],
  ['ENV_FILE', 'give the variables as `environment` of the step'],
  ['OIDC_TOKEN_ID', 'give a username and a password'],
  ['WORKLOAD_IDENTITY', 'give a `json_key` of a service account'],
  ['REGISTRY_CERTIFICATE', 'certificates are set on the runner'],
  ['REGISTRY_CLIENT_CERT', 'certificates are set on the runner'],
])

function named(meaning: Meaning, names: readonly string[]): (readonly [string, Meaning])[] {
  return names.map((name) => [name, meaning] as const)
}
