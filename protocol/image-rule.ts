import type { SandboxStep, StagePlan } from '../pipelines/plan.js'

/**
 * Why a step may not have a secret that is for plugins of certain images only; null when it may. Who writes the pipeline
 * must not be able to run anything of their own in such a step: a program, or what decides what its program
 * does (CVE-2024-41121 and CVE-2024-41122 of Woodpecker are about that).
 */
export function imageRefusal(
  patterns: readonly string[],
  step: SandboxStep,
  stage: Pick<StagePlan, 'environment' | 'workspace'>,
): string | null {
  if (patterns.length === 0) return null
  if (step.image === undefined || !patterns.some((one) => imageMatches(one, step.image ?? '')))
    return 'it is for steps of other images'
  const own = ownProgram(step) ?? ownEnvironment(step, stage)
  return own === null ? null : `it is for plugins as they are, and this step has ${own}`
}

/**
 * Whether an image is meant: `plugins/docker` is any tag of it, `plugins/docker:20` that one, and a digest that digest.
 * Names are compared with their registry, `docker.io/library/` left out.
 */
export function imageMatches(pattern: string, image: string): boolean {
  const wanted = partsOf(pattern)
  const given = partsOf(image)
  if (wanted.name !== given.name) return false
  if (wanted.digest !== '') return wanted.digest === given.digest
  if (wanted.tag === '') return true
  // With a digest the tag decides nothing.
  return wanted.tag === (given.tag || 'latest') && given.digest === ''
}

function partsOf(text: string): { name: string; tag: string; digest: string } {
  const [named = '', digest = ''] = text.trim().split('@', 2)
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1)
  const name = colon < 0 ? named : named.slice(0, colon)
  return { name: plainName(name), tag: colon < 0 ? '' : named.slice(colon + 1), digest }
}

function plainName(name: string): string {
  const short = name.replace(/^(?:index\.)?docker\.io\//i, '').replace(/^library\//, '')
  const [host = '', ...path] = short.split('/')
  const hasHost = path.length > 0 && (/[.:]/.test(host) || host === 'localhost')
  return hasHost ? [host.toLowerCase(), ...path].join('/') : short
}

function ownProgram(step: SandboxStep): string | null {
  if (step.kind === 'commands') return 'commands'
  if (step.entrypoint !== undefined) return 'an entrypoint of its own'
  if (step.command !== undefined) return 'a command of its own'
  if (step.healthcheck?.command !== undefined) return 'a health check of its own'
  if (step.mounts !== undefined && step.mounts.length > 0) return 'volumes'
  return null
}

/** Where checkouts usually are; elsewhere one could cover the plugin's own program. */
const WORKSPACES = ['/drone/', '/woodpecker/', '/workspace/']

function ownEnvironment(
  step: SandboxStep,
  { environment = {}, workspace }: Pick<StagePlan, 'environment' | 'workspace'>,
): string | null {
  const { secrets = {}, secretTexts = {} } = step
  const names = [step.environment, secrets, secretTexts].flatMap((one) => Object.keys(one))
  const own = [...names, ...Object.keys(environment)].find((name) => !name.startsWith('PLUGIN_'))
  if (own !== undefined) return `the variable ${own}`
  if (!WORKSPACES.some((place) => `${workspace}/`.startsWith(place))) return 'a workspace elsewhere'
  if (step.workingDir !== undefined) return 'a working directory of its own'
  return null
}
