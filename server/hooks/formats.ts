import { bitbucketServerFormat } from './bitbucket-server/format.js'
import { bitbucketFormat } from './bitbucket/format.js'
import { gitFormat } from './git/format.js'
import { forgejoFormat, giteaFormat } from './gitea/format.js'
import { githubFormat } from './github/format.js'
import { gitlabFormat } from './gitlab/format.js'
import type { HookFormat } from './reading.js'

/** Every kind of sender. */
export const FORMATS: readonly HookFormat[] = [
  gitFormat,
  githubFormat,
  giteaFormat,
  forgejoFormat,
  gitlabFormat,
  bitbucketFormat,
  bitbucketServerFormat,
]
