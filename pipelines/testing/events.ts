import type { CompileInput } from '../compile/compile-pipeline.js'
import type { BuildEvent, RepoFacts } from '../event.js'

/** A repo for tests. */
export const REPO: RepoFacts = {
  owner: 'octo',
  name: 'hello',
  slug: 'octo/hello',
  cloneUrl: 'https://git.example.com/octo/hello.git',
  link: 'https://git.example.com/octo/hello',
  defaultBranch: 'main',
  private: false,
}

/** A push to main for tests, with what a test cares about replaced. */
export function pushEvent(facts: Partial<BuildEvent> = {}): BuildEvent {
  return {
    event: 'push',
    action: '',
    ref: 'refs/heads/main',
    branch: 'main',
    sourceBranch: 'main',
    sourceRepo: '',
    after: '7fd1a60b01f91b314f59955a4e4d4e80d8edf11d',
    before: '553c2077f0edc3d5dc5d17262f6aa498e69d6f8e',
    message: 'Greet the world',
    title: '',
    link: 'https://git.example.com/octo/hello/compare',
    author: { login: 'octocat', name: 'Octo Cat', email: 'octo@example.com', avatar: '' },
    sender: 'octocat',
    cron: '',
    deployTo: '',
    params: {},
    ...facts,
  }
}

/** Input for a push to main. */
export function pushInput(facts: Partial<BuildEvent> = {}): CompileInput {
  return { event: pushEvent(facts), repo: REPO }
}
