import type { TSchema } from 'typebox'
import type { SeenRequest, StandInAnswer, StandInRoute } from './stand-in.js'
import type { World, WorldRepo } from './world.js'

/** A webhook as a stand-in took it. */
export interface TakenHook {
  readonly id: number
  /** `owner/name`. */
  readonly repo: string
  readonly body: unknown
}

/** How a forge has the webhooks of a repo. */
export interface HookModel {
  /** Of the list; its groups name the repo. */
  readonly path: string
  /** Of an id in a path, without a group. */
  readonly id: string
  readonly change: 'PATCH' | 'PUT'
  readonly made: TSchema
  readonly changed: TSchema
  readonly repo: (parameters: readonly string[]) => WorldRepo | undefined
  readonly notFound: StandInAnswer
  /** For those who may not set webhooks there. */
  readonly forbidden: StandInAnswer
  readonly page: (request: SeenRequest, hooks: readonly unknown[]) => StandInAnswer
  /** As the forge shows it, its secret left out. */
  readonly shown: (hook: TakenHook) => object
  /** The number in an id of the path. */
  readonly numberOf: (id: string) => number
}

/** List, make, change and remove, as all forges have them; only administrators of a repo may. */
export function hookRoutes(world: World, model: HookModel): StandInRoute[] {
  const { forbidden, notFound, shown } = model
  const list = new RegExp(`^${model.path}$`)
  const one = new RegExp(`^${model.path}/(${model.id})$`)
  const withRepo =
    (work: (slug: string, request: SeenRequest, id: number) => StandInAnswer) =>
    (request: SeenRequest, parameters: readonly string[]): StandInAnswer => {
      const repo = model.repo(parameters)
      if (!repo) return notFound
      if (repo.role !== 'admin') return forbidden
      const id = model.numberOf(decodeURIComponent(parameters.at(-1) ?? ''))
      return work(`${repo.owner}/${repo.name}`, request, id)
    }
  const indexOf = (slug: string, id: number): number =>
    world.hooks.findIndex((hook) => hook.repo === slug && hook.id === id)
  return [
    {
      ...{ method: 'GET', path: list },
      answer: withRepo((slug, request) =>
        model.page(request, world.hooks.filter(({ repo }) => repo === slug).map(shown)),
      ),
    },
    {
      ...{ method: 'POST', path: list, body: model.made },
      answer: withRepo((repo, { body }) => {
        const hook = { id: 1 + Math.max(0, ...world.hooks.map(({ id }) => id)), repo, body }
        world.hooks.push(hook)
        return { status: 201, body: shown(hook) }
      }),
    },
    {
      ...{ method: model.change, path: one, body: model.changed },
      answer: withRepo((repo, { body }, id) => {
        const index = indexOf(repo, id)
        if (index < 0) return notFound
        const hook = { id, repo, body }
        world.hooks[index] = hook
        return { status: 200, body: shown(hook) }
      }),
    },
    {
      ...{ method: 'DELETE', path: one },
      answer: withRepo((repo, _, id) => {
        const index = indexOf(repo, id)
        if (index < 0) return notFound
        world.hooks.splice(index, 1)
        return { status: 204 }
      }),
    },
  ]
}
