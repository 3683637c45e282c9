import type { Dialect } from '../convert/dialect.js'
import { buildEnvironment } from '../environment/build-environment.js'
import { toEnvironment, type Variables } from '../environment/value.js'
import type { Combination } from '../matrix/expand-matrix.js'
import type { Document, Node } from '../parse/tree.js'
import type { Platform } from '../plan.js'
import type { DecodedPipeline } from '../schema/pipeline-shape.js'
import type { CompileInput } from './compile-pipeline.js'

/** Stands for the build where a file is only looked at. */
const NO_BUILD = { number: 0, parent: 0, created: 0, link: '' }
const NO_SYSTEM = { link: '', version: '' }
const DEFAULT_PLATFORM: Platform = { os: 'linux', arch: 'amd64' }

/** The variables that are known of one document in one combination of its matrix. */
export type CompileVariables = (
  document: Document,
  combination: Combination,
  dialect: Dialect,
) => Readonly<Record<string, string>>

/**
 * Looks up the variables that are known when a build is compiled: those of the build, of the pipeline
 * as far as its text tells them, and the combination of its matrix. As in Drone the pipeline's own
 * `environment` is not among them. What documents share is made once.
 */
export function createCompileVariables(input: CompileInput): CompileVariables {
  const { event, repo, build = NO_BUILD, system = NO_SYSTEM, platform = DEFAULT_PLATFORM } = input
  const builds = new Map<Dialect, Readonly<Record<string, string>>>()
  const stages = new WeakMap<Node, Readonly<Record<string, string>>>()
  return ({ root }, combination, dialect) => {
    const ofBuild = builds.get(dialect) ?? buildEnvironment({ event, repo, build, system, dialect })
    builds.set(dialect, ofBuild)
    const ofStage = stages.get(root) ?? toEnvironment(stageVariables(root, platform))
    stages.set(root, ofStage)
    return { ...ofBuild, ...ofStage, ...combination }
  }
}

/** What the text of a pipeline says of its stage. */
function stageVariables(root: Node, fallback: Platform): Variables {
  const name = textAt(root, 'name') ?? 'default'
  const platform = childOf(root, 'platform')
  const os = textAt(platform, 'os') ?? fallback.os
  const arch = textAt(platform, 'arch') ?? fallback.arch
  return {
    DRONE_STAGE_KIND: textAt(root, 'kind') ?? 'pipeline',
    DRONE_STAGE_TYPE: textAt(root, 'type') ?? 'docker',
    DRONE_STAGE_NAME: name,
    DRONE_STAGE_OS: os,
    DRONE_STAGE_ARCH: arch,
    DRONE_STAGE_VARIANT: textAt(platform, 'variant'),
    DRONE_STAGE_VERSION: textAt(platform, 'version'),
    DRONE_STAGE_DEPENDS_ON: dependenciesOf(childOf(root, 'depends_on')).join(','),
    CI_WORKFLOW_NAME: name,
    CI_SYSTEM_PLATFORM: `${os}/${arch}`,
    SANDPIPER_STAGE: name,
  }
}

function dependenciesOf(node: Node | undefined): string[] {
  const items = node?.kind === 'list' ? node.items.slice(0, DEPENDENCIES_MAX) : [node]
  return items.flatMap((item) => textAt(item, 'name') ?? textOf(item) ?? [])
}

/** More names would not fit into a variable. */
const DEPENDENCIES_MAX = 1000

/** Base and path of the workspace, where the pipeline tells them apart. */
export function workspaceVariables(
  { workspace }: Pick<DecodedPipeline, 'workspace'>,
  resolved: string,
): Readonly<Record<string, string>> {
  const base = workspace?.base?.value ?? '/drone/src'
  const path = workspace?.path?.value
  if (path === undefined || `${base}/${path}` !== resolved) return {}
  return { DRONE_WORKSPACE_BASE: base, DRONE_WORKSPACE_PATH: path }
}

function childOf(node: Node, key: string): Node | undefined {
  return node.kind === 'map' ? node.entries.get(key)?.value : undefined
}

function textAt(node: Node | undefined, key: string): string | undefined {
  return node === undefined ? undefined : textOf(childOf(node, key))
}

/** Text without anything to be replaced in it: that is not known yet. */
function textOf(node: Node | undefined): string | undefined {
  const isText = node?.kind === 'scalar' && node.value !== null && !node.text.includes('${')
  return isText ? node.text : undefined
}
