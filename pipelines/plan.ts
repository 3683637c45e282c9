import type { Builder } from './builders/builder-images.js'

/** The compiled form of pipeline files for one event: what server and runner work from. Plain JSON. */
export interface Plan {
  readonly stages: readonly StagePlan[]
  /** Pipelines of the file that this event does not run, with the reason in words. */
  readonly skipped: readonly { readonly name: string; readonly reason: string }[]
  /** Secrets that the file itself declares (`kind: secret`); absent when there are none. */
  readonly secrets?: readonly SecretPlan[]
  /** Builds at fixed times that the file asks for (`kind: cron`); absent when there are none. */
  readonly crons?: readonly CronPlan[]
  /** What whoever starts the build may give it; absent when nothing is declared: then anything. */
  readonly parameters?: readonly ParameterPlan[]
}

/** A parameter of a build: a value that becomes a variable of all steps. */
export interface ParameterPlan {
  readonly name: string
  readonly type: 'string' | 'boolean' | 'integer' | 'choice'
  readonly description?: string
  /** As steps get it; never together with `required`. */
  readonly default?: string
  /** Whoever starts a build by hand has to give it. */
  readonly required?: true
  /** What a choice can be. */
  readonly options?: readonly string[]
  /** Bounds of an integer, both included. */
  readonly minimum?: number
  readonly maximum?: number
  /** Regular expression of RE2 that a string must match somewhere. */
  readonly pattern?: string
}

/** A secret by where its value is: sealed in the file itself, or in a store outside. */
export interface SecretPlan {
  readonly name: string
  readonly data?: string
  readonly get?: { readonly path: string; readonly name?: string; readonly key?: string }
}

export interface CronPlan {
  readonly name: string
  readonly schedule: string
  readonly branch: string
  /** Environment to deploy to. */
  readonly target?: string
}

export interface Platform {
  readonly os: string
  readonly arch: string
  /** e.g. `v7`; only where the pipeline asks for one. */
  readonly variant?: string
  /** Version of the operating system; only where the pipeline asks for one. */
  readonly version?: string
}

/** One pipeline document of the file, or one combination of its matrix. */
export interface StagePlan {
  readonly kind: 'pipeline'
  /**
   * `docker`: every step has an image. `exec`: steps run on a read-only view of the host's tools. Any
   * other type is for runners of another kind.
   */
  readonly type: string
  readonly name: string
  readonly platform: Platform
  /** Labels that the runner must have, these and no others; absent when it must have none. */
  readonly labels?: Readonly<Record<string, string>>
  /** Names of the stages that must end first; all of them are in `Plan.stages`. */
  readonly dependsOn: readonly string[]
  /** Whether the stage runs when what it depends on succeeded / failed (`trigger.status`). */
  readonly runOn: RunOn
  readonly concurrency?: ConcurrencyPlan
  /** Wall time for the whole stage in milliseconds; absent: the repo's. */
  readonly timeoutMs?: number
  readonly clone: ClonePlan
  /** Absolute path inside the sandbox where the checkout is mounted and where commands start. */
  readonly workspace: string
  /**
   * Variables of every step that the file itself names. They win over the build's own; outputs of
   * steps and a step's own variables win over them. Absent when there are none.
   */
  readonly environment?: Readonly<Record<string, string>>
  /** Directories that steps can share; absent when there are none. */
  readonly volumes?: readonly VolumePlan[]
  /** Names of secrets with registry credentials; absent when there are none. */
  readonly imagePullSecrets?: readonly string[]
  /** The checkout, then the services, then the other steps, each in the order of the file. */
  readonly steps: readonly StepPlan[]
  /** Steps that this event does not run, with the reason in words; absent when it runs all. */
  readonly leftOut?: readonly LeftOut[]
  /** The values of this combination of the pipeline's matrix. */
  readonly matrix?: Readonly<Record<string, string>>
  /** What the stage asks for beyond what every pipeline may have; absent when there is nothing. */
  readonly demands?: readonly Demand[]
  /** Variables have this tool's meaning where it and Drone use one name for two things. */
  readonly dialect?: 'woodpecker'
}

/** Something that may endanger the host or others: a runner refuses it unless it was set up to allow it. */
export interface Demand {
  /** The key with its value in short, e.g. `privileged: true`. */
  readonly what: string
  /** The step that asks; absent when the pipeline does. */
  readonly step?: string
  /** `file:line:column` of the key. */
  readonly at: string
}

/** A step that stands in the file and has no part in the build. */
export interface LeftOut {
  readonly name: string
  readonly reason: string
}

/** Stages of a repo that share a group take turns, across builds. */
export interface ConcurrencyPlan {
  /** Default: the name of the stage. */
  readonly group: string
  /** How many of the group may run at once, at least 1. */
  readonly limit: number
  /** A newer build's stage ends the older ones of the group instead of waiting for them. */
  readonly cancelPrevious: boolean
}

export interface ClonePlan {
  readonly disabled: boolean
  /** Commits of history to have; 0 is all of it; absent is the runner's default. */
  readonly depth?: number
  /** How often to try again when fetching fails; absent is the runner's default. */
  readonly retries?: number
  /** Do not check the server's certificate. */
  readonly skipVerify?: boolean
  /** Print what git does (GIT_TRACE). */
  readonly trace?: boolean
}

export type VolumePlan = TempVolume | HostVolume

/** An empty directory that lives as long as the stage. */
export interface TempVolume {
  readonly kind: 'temp'
  readonly name: string
  /** `memory`: held in memory, and counted to it. */
  readonly medium: 'disk' | 'memory'
  readonly sizeBytes?: number
}

/** A path of the runner's host; always among the stage's demands. */
export interface HostVolume {
  readonly kind: 'host'
  readonly name: string
  readonly path: string
}

export interface RunOn {
  readonly success: boolean
  readonly failure: boolean
}

/**
 * One step. `clone` is the checkout, made by the runner itself; it is the first step unless cloning
 * is disabled, and every step that has no other dependency depends on it.
 */
export type StepPlan = CloneStep | SandboxStep

/** A step that runs in a sandbox. */
export type SandboxStep = CommandsStep | EntrypointStep

interface StepBase {
  readonly name: string
  /**
   * Names of the steps of this stage that must end first: the true graph, made explicit. A detached
   * step counts as ended for this as soon as it has started and, where it has a health check, passed.
   */
  readonly dependsOn: readonly string[]
}

export interface CloneStep extends StepBase {
  readonly kind: 'clone'
}

/** What every step in a sandbox has. What is optional is absent where the default holds. */
interface SandboxStepBase extends StepBase {
  /** Image name in the layer store; absent in `exec` stages. */
  readonly image?: string
  readonly pull?: 'always' | 'if-not-exists' | 'never'
  /** The step's own variables, settings of plugins (`PLUGIN_...`) among them. */
  readonly environment: Readonly<Record<string, string>>
  /** Variables whose values are secrets: name of the variable to name of the secret. */
  readonly secrets?: Readonly<Record<string, string>>
  /** Variables that are made of text and secrets: name of the variable to its parts. */
  readonly secretTexts?: Readonly<Record<string, readonly TextPart[]>>
  readonly runOn: RunOn
  /** `ignore`: a failure does not fail the stage. `fast`: a failure cancels what still runs. */
  readonly failure: 'fail' | 'ignore' | 'fast'
  /** Runs in the background until the stage's other steps have ended; its result is not counted. */
  readonly detach: boolean
  /** Declared among the `services`; it is detached then. */
  readonly service?: boolean
  /** User to run as: `name`, `uid`, each with `:group`, resolved inside of the image. */
  readonly user?: string
  /** Absolute, or below the workspace; default the workspace, for services the image's own. */
  readonly workingDir?: string
  readonly mounts?: readonly MountPlan[]
  readonly extraHosts?: readonly { readonly host: string; readonly address: string }[]
  readonly dns?: readonly string[]
  readonly dnsSearch?: readonly string[]
  /** Bytes of /dev/shm. */
  readonly shmBytes?: number
  readonly resources?: ResourcesPlan
  /**
   * `none`: a network of its own with loopback only; a list: it may reach nothing else outside, in the words
   * of `parseDestination`; default: the stage's.
   */
  readonly network?: 'none' | NetworkPlan
  /** Wall time of one try in milliseconds. */
  readonly timeoutMs?: number
  readonly retry?: RetryPlan
  readonly healthcheck?: HealthcheckPlan
}

/** Runs shell commands. */
export interface CommandsStep extends SandboxStepBase {
  readonly kind: 'commands'
  readonly commands: readonly string[]
  /** Absolute path of the shell; default `/bin/sh`. */
  readonly shell?: string
  /** When it has succeeded, what it wrote to its root is pushed as a layer on its image. */
  readonly publish?: PublishPlan
}

/** Text, or the name of the secret that holds it. */
export type ValuePlan =
  | { readonly value: string; readonly secret?: undefined }
  | { readonly secret: string; readonly value?: undefined }

/** A part of the text of a variable: as it stands, or a secret, as a string of JSON where it stands in JSON. */
export type TextPart =
  | { readonly text: string; readonly secret?: undefined }
  | { readonly secret: string; readonly json?: true; readonly text?: undefined }

/** The image that a step makes; what is absent is as in the image of the step. */
export interface PublishPlan {
  /** With its registry, without a tag. */
  readonly repo: string
  /** None where the event has no values for them: the step can't publish then. */
  readonly tags: readonly string[]
  readonly username?: ValuePlan
  readonly password?: ValuePlan
  readonly entrypoint?: readonly string[]
  readonly cmd?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly workdir?: string
  readonly user?: string
  readonly labels?: Readonly<Record<string, string>>
}

/** Runs the image's own program: plugins and most services. */
export interface EntrypointStep extends SandboxStepBase {
  readonly kind: 'entrypoint'
  /** Instead of the image's entrypoint. */
  readonly entrypoint?: readonly string[]
  /** Instead of the image's command. */
  readonly command?: readonly string[]
  /** The image is a plugin that builds images: the runner does that itself, by the same settings. */
  readonly builder?: Builder
}

export interface NetworkPlan {
  /** Addresses, networks and hosts outside, each with a port or without. */
  readonly allow: readonly string[]
}

/** A volume of the stage in the file system of a step. */
export interface MountPlan {
  readonly volume: string
  /** Absolute path inside. */
  readonly path: string
  readonly readOnly?: boolean
}

/** Limits of one step; what is absent has the runner's default. */
export interface ResourcesPlan {
  /** CPUs' worth of time, e.g. 0.5. */
  readonly cpus?: number
  readonly memoryBytes?: number
  readonly pids?: number
  /** Bytes of the writable layer. */
  readonly diskBytes?: number
  /** Share of the CPUs while others want them too: 100 is everybody's. */
  readonly cpuWeight?: number
  /** Files that a process may have open. */
  readonly openFiles?: number
  /** Bytes that it may print. */
  readonly outputBytes?: number
}

export interface RetryPlan {
  /** Tries after the first one, at least 1. */
  readonly count: number
  /** Pause before the second try in milliseconds; each further pause is twice as long. */
  readonly backoffMs: number
  /** Only after these; absent: after any failure. */
  readonly exitCodes?: readonly number[]
}

/** How it is found out that a detached step is ready to be used. */
export interface HealthcheckPlan {
  /** Passes with exit code 0, run inside of the step's sandbox. Not together with `port`. */
  readonly command?: readonly string[]
  /** Passes when something listens on this TCP port. */
  readonly port?: number
  /** Between two checks, in milliseconds. */
  readonly intervalMs: number
  /** For one check, in milliseconds. */
  readonly timeoutMs: number
  /** Failed checks before the step is given up. */
  readonly retries: number
  /** From the start, in milliseconds, in which failed checks do not count. */
  readonly startPeriodMs: number
  /** It follows from `ports` alone: then a step that is never ready is told of, and no failure. */
  readonly implied?: boolean
}
