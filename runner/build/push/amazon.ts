import type { Builder } from '../../../pipelines/index.js'
import { parseImageName } from '../../layers/image-name.js'
import type { Ecr } from '../../registry/ecr/types.js'
import type { Registries } from '../../registry/types.js'
import type { BuildRequest } from '../plugins/build-request.js'

/** What a build asks of Amazon's registries. */
export interface Amazon {
  /** With passwords where there were keys, and whole names. */
  readonly request: BuildRequest
  /** Makes the repositories that are to be made where there are none. */
  makeRepositories(): Promise<void>
}

export interface AmazonOptions {
  readonly registries: Pick<Registries, 'ecr'>
  readonly signal: AbortSignal
  readonly say: (text: string) => Promise<void>
}

interface Opened {
  readonly registry: string
  readonly ecr: Ecr
}

/**
 * Logs in to the registries at Amazon that the settings have keys for; nobody is asked where there are none.
 * The machine's own role is not used: it is no pipeline's.
 * @throws SandpiperError of `Ecr`
 */
export async function openAmazon(
  request: BuildRequest,
  builder: Builder,
  { registries, signal, say }: AmazonOptions,
): Promise<Amazon> {
  const options = { signal, onRetry: (text: string) => void say(text) }
  const opened: Opened[] = []
  const logins = [...request.logins.logins]
  for (const account of request.logins.aws) {
    const ecr = registries.ecr(account)
    const { registry, username, password } = await ecr.login(options)
    opened.push({ registry, ecr })
    logins.push({ registry, username, password })
  }
  const repositories = wholeNames(request, builder, opened[0]?.registry)
  const makeRepositories = async (): Promise<void> => {
    if (!request.createRepository) return
    for (const repository of repositories) {
      const { registry, repository: name } = parseImageName(repository)
      const account = opened.find((one) => one.registry === registry)
      const settings = { scanOnPush: request.scanOnPush }
      const isMade = (await account?.ecr.createRepository(name, settings, options)) ?? false
      if (isMade) await say(`made the repository ${name} at ${registry}`)
    }
  }
  return {
    request: { ...request, repositories, logins: { ...request.logins, logins, aws: [] } },
    makeRepositories,
  }
}

/** The plugin for Amazon takes the registry of the account where none is set. */
function wholeNames(
  { repositories, logins }: BuildRequest,
  builder: Builder,
  registry: string | undefined,
): readonly string[] {
  const isIncomplete = builder.endsWith('-ecr') && logins.aws[0]?.registry === ''
  if (registry === undefined || !isIncomplete) return repositories
  return repositories.map((name) =>
    name.startsWith(`${registry}/`) ? name : `${registry}/${name}`,
  )
}
