import { hookRoutes } from '../../hooks/routes.js'
import { guard } from '../access.js'
import type { Guard } from '../access.js'
import type { App, HttpContext } from '../app-types.js'
import { acceptForms } from '../form-body.js'
import { API_BODY_BYTES_MAX } from '../limits.js'
import type { Cookies } from '../cookies.js'
import { notFound } from '../plugins/app/problem-details.js'
import { limitFailures } from '../plugins/external/rate-limit.js'
import type { Limits } from '../plugins/external/rate-limit.js'
import { listAudit, listRepoAudit } from './audit/list.js'
import { ccXml, statusBadge } from './badges/status.js'
import { cancelAllBuilds } from './builds/cancel-all.js'
import { cancelBuild } from './builds/cancel.js'
import { createBuild } from './builds/create.js'
import { promoteBuild, rollbackBuild } from './builds/deploy.js'
import { listBuilds } from './builds/list.js'
import { listParameters } from './builds/parameters.js'
import { purgeBuilds } from './builds/purge.js'
import { restartBuild } from './builds/restart.js'
import { approveBuild, declineBuild } from './builds/review.js'
import { showBuild } from './builds/show.js'
import { listDeliveries } from './deliveries/list.js'
import { redeliverDelivery } from './deliveries/redeliver.js'
import { showDelivery } from './deliveries/show.js'
import { listStatuses } from './builds/statuses.js'
import { downloadLog } from './logs/download.js'
import { removeOneLog } from './logs/remove.js'
import { searchLogs } from './logs/search.js'
import { listLogSections } from './logs/sections.js'
import { addCron } from './crons/add.js'
import { listCrons } from './crons/list.js'
import { removeCron } from './crons/remove.js'
import { runCron } from './crons/run.js'
import { showCron } from './crons/show.js'
import { updateCron } from './crons/update.js'
import { showLog } from './logs/show.js'
import { beginLogin } from './login/begin.js'
import { finishLogin } from './login/callback.js'
import { logout } from './login/logout.js'
import { loginPage } from './login/page.js'
import { openapiDocument } from './docs/openapi.js'
import { viewer } from './docs/viewer.js'
import { healthz } from './meta/healthz.js'
import { readyz } from './meta/readyz.js'
import { root } from './meta/root.js'
import { version } from './meta/version.js'
import { buildPage } from './pages/build.js'
import { showMetrics } from './metrics/show.js'
import { PEOPLE_ROUTES } from './people/people-routes.js'
import { addRepo } from './repos/add.js'
import { chownRepo } from './repos/chown.js'
import { enableRepo } from './repos/enable.js'
import { showHookSecret } from './repos/hook-secret.js'
import { listRepos } from './repos/list.js'
import { latestBuilds } from './builds/latest-by.js'
import { incompleteBuilds } from './builds/incomplete.js'
import { systemStats } from './system/stats.js'
import { repairRepo } from './repos/repair.js'
import { updateRepo } from './repos/update.js'
import { removeRepo } from './repos/remove.js'
import { showRepo } from './repos/show.js'
import { listQueue } from './queue/list.js'
import { listRunners } from './runners/list.js'
import { pipelineSchema } from './schema/pipeline.js'
import { listKeys } from './keys/list.js'
import { rotateKeys } from './keys/rotate.js'
import { listRegistries } from './registries/list.js'
import { showRegistry } from './registries/show.js'
import { createRegistry } from './registries/create.js'
import { updateRegistry } from './registries/update.js'
import { removeRegistry } from './registries/remove.js'
import { listOwnersSecrets, listSecrets } from './secrets/list.js'
import { showSecret } from './secrets/show.js'
import { createSecret } from './secrets/create.js'
import { updateSecret } from './secrets/update.js'
import { removeSecret } from './secrets/remove.js'
import { showUsage } from './usage/show.js'

const OPEN = [
  root,
  healthz,
  readyz,
  version,
  pipelineSchema,
  buildPage,
  showMetrics,
  openapiDocument,
  viewer,
]
const API = [
  listRepos,
  addRepo,
  showRepo,
  showHookSecret,
  removeRepo,
  updateRepo,
  enableRepo,
  chownRepo,
  repairRepo,
  latestBuilds,
  incompleteBuilds,
  systemStats,
  listBuilds,
  showBuild,
  createBuild,
  restartBuild,
  promoteBuild,
  rollbackBuild,
  approveBuild,
  declineBuild,
  cancelBuild,
  listStatuses,
  listParameters,
  listDeliveries,
  showDelivery,
  redeliverDelivery,
  cancelAllBuilds,
  listQueue,
  listCrons,
  addCron,
  showCron,
  updateCron,
  removeCron,
  runCron,
  showLog,
  searchLogs,
  listLogSections,
  downloadLog,
  removeOneLog,
  purgeBuilds,
  showUsage,
  listAudit,
  listRepoAudit,
  removeSecret,
  updateSecret,
  createSecret,
  showSecret,
  listSecrets,
  listOwnersSecrets,
  removeRegistry,
  updateRegistry,
  createRegistry,
  showRegistry,
  listRegistries,
  rotateKeys,
  listKeys,
  listRunners,
  statusBadge,
  ccXml,
  ...PEOPLE_ROUTES,
]

const LOGIN = [loginPage, beginLogin, finishLogin, logout]

/** What stands before the routes. */
export interface Gate extends Guard {
  readonly cookies: Cookies
  readonly limits: Limits
}

/** The route table: open ones, webhooks with their raw bodies, signing in, and the API behind the guard. */
export function routes(app: App, gate: Gate, context: HttpContext): void {
  const { limits, cookies } = gate
  for (const route of OPEN) route(app, context)
  void app.register((scope: App, _options, done) => {
    limitFailures(scope, limits.wrongSignature, ['SP_HOOK_BAD_SIGNATURE', 'SP_HOOK_UNSIGNED'])
    hookRoutes(scope, context)
    done()
  })
  void app.register((scope: App, _options, done) => {
    limitFailures(scope, limits.wrongProof, ['SP_LOGIN_FAILED', 'SP_LOGIN_REFUSED', 'SP_HTTP_CSRF'])
    for (const route of LOGIN) route(scope, { ...context, cookies })
    done()
  })
  void app.register(
    (scope: App, _options, done) => {
      guard(scope, gate)
      limitFailures(scope, limits.wrongProof, [])
      scope.removeContentTypeParser('text/plain')
      acceptForms(scope)
      scope.setNotFoundHandler(notFound)
      for (const route of API) route(scope, context)
      done()
    },
    { prefix: '/api', bodyLimit: API_BODY_BYTES_MAX },
  )
}
