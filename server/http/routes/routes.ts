import { hookRoutes } from '../../hooks/routes.js'
import { guard } from '../access.js'
import type { App, HttpContext } from '../app-types.js'
import { API_BODY_BYTES_MAX } from '../limits.js'
import { notFound } from '../plugins/app/problem-details.js'
import { listAudit, listRepoAudit } from './audit/list.js'
import { cancelBuild } from './builds/cancel.js'
import { listBuilds } from './builds/list.js'
import { restartBuild } from './builds/restart.js'
import { showBuild } from './builds/show.js'
import { showLog } from './logs/show.js'
import { healthz } from './meta/healthz.js'
import { readyz } from './meta/readyz.js'
import { root } from './meta/root.js'
import { version } from './meta/version.js'
import { buildPage } from './pages/build.js'
import { showMetrics } from './metrics/show.js'
import { addRepo } from './repos/add.js'
import { showHookSecret } from './repos/hook-secret.js'
import { listRepos } from './repos/list.js'
import { removeRepo } from './repos/remove.js'
import { showRepo } from './repos/show.js'
import { listRunners } from './runners/list.js'
import { pipelineSchema } from './schema/pipeline.js'
import { showUsage } from './usage/show.js'

// prettier-ignore
const OPEN = [
  root,
  healthz,
  readyz,
  version,
  pipelineSchema,
  buildPage,
  showMetrics,
]
const API = [
  listRepos,
  addRepo,
  showRepo,
  showHookSecret,
  removeRepo,
  listBuilds,
  showBuild,
  restartBuild,
  cancelBuild,
  showLog,
  showUsage,
  listAudit,
  listRepoAudit,
  listRunners,
]

/** The route table: open ones, webhooks with their raw bodies, and the API behind the admin token. */
export function routes(app: App, adminToken: string, context: HttpContext): void {
  for (const route of OPEN) route(app, context)
  void app.register((scope: App, _options, done) => {
    hookRoutes(scope, context)
    done()
  })
  void app.register(
    (scope: App, _options, done) => {
      guard(scope, adminToken)
      scope.removeContentTypeParser('text/plain')
      scope.setNotFoundHandler(notFound)
      for (const route of API) route(scope, context)
      done()
    },
    { prefix: '/api', bodyLimit: API_BODY_BYTES_MAX },
  )
}
