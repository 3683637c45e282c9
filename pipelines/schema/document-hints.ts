const TRIGGER = 'conditions on a pipeline go below `trigger`'

const HINTS: Readonly<Record<string, string>> = {
  pipeline: 'files of Drone 0.8 are converted when they have nothing of a newer language',
  when: 'did you mean `trigger`? `when` is for steps',
  branches: TRIGGER,
  branch: TRIGGER,
  event: TRIGGER,
  on: TRIGGER,
  labels: 'did you mean `node`?',
  skip_clone: 'write `clone: {disable: true}`',
  runs_on: 'write `trigger: {status: [success, failure]}`',
  env: 'did you mean `environment`?',
  jobs: 'did you mean `steps`?',
  stages: 'each pipeline is a document of its own, after a line `---`',
  image: 'did you forget `steps`?',
  commands: 'did you forget `steps`?',
  secrets: 'a secret of the file is a document of its own, `kind: secret`',
}

/** Where a key belongs that pipelines do not have. */
export function pipelineHint(key: string): string | undefined {
  return Object.hasOwn(HINTS, key) ? HINTS[key] : undefined
}
