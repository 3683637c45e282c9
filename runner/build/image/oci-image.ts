/** `config` of an OCI image (image-spec, config.md) with the fields that Docker adds. */
export interface RunConfig {
  readonly User?: string
  readonly ExposedPorts?: Readonly<Record<string, object>>
  /** `NAME=value` */
  readonly Env?: readonly string[]
  readonly Entrypoint?: readonly string[]
  readonly Cmd?: readonly string[]
  readonly Volumes?: Readonly<Record<string, object>>
  readonly WorkingDir?: string
  readonly Labels?: Readonly<Record<string, string>>
  readonly StopSignal?: string
  readonly Healthcheck?: Healthcheck
  readonly Shell?: readonly string[]
  readonly OnBuild?: readonly string[]
}

/** Times in nanoseconds. */
export interface Healthcheck {
  readonly Test?: readonly string[]
  readonly Interval?: number
  readonly Timeout?: number
  readonly StartPeriod?: number
  readonly StartInterval?: number
  readonly Retries?: number
}

/** What one instruction did. */
export interface HistoryEntry {
  readonly created?: string
  readonly created_by?: string
  readonly author?: string
  readonly comment?: string
  /** It made no layer. */
  readonly empty_layer?: boolean
}

/** An OCI image configuration. */
export interface OciImage {
  readonly created?: string
  readonly author?: string
  readonly architecture: string
  readonly os: string
  readonly variant?: string
  readonly config: RunConfig
  readonly rootfs: { readonly type: 'layers'; readonly diff_ids: readonly string[] }
  readonly history: readonly HistoryEntry[]
}

/** The variables of a configuration, in order; of a name that is there twice the last one holds. */
export function variablesOf({ Env = [] }: Pick<RunConfig, 'Env'>): Map<string, string> {
  const variables = new Map<string, string>()
  for (const one of Env) {
    const equals = one.indexOf('=')
    variables.set(equals < 0 ? one : one.slice(0, equals), equals < 0 ? '' : one.slice(equals + 1))
  }
  return variables
}
