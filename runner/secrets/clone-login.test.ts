import { expect, test } from '@jest/globals'
import { CLONE, jobKey, sealSecrets } from '../../protocol/job-secrets.js'
import { makeJob, step } from '../testing/stages.js'
import { secretsOfJob } from './stage-secrets.js'

const KEY = jobKey('what servers and runners share')
const login = { username: 'oauth2', password: 'the token' }
const clone = { values: {}, missing: {}, login }

test('the login of a clone is masked and for the checkout: no step is given it', () => {
  const job = makeJob([step('a', ['true'])])
  const sealed = sealSecrets(KEY, job, new Map([[CLONE, clone]]))
  expect(JSON.stringify(sealed)).not.toContain('the token')
  const secrets = secretsOfJob({ ...job, sealed }, KEY)
  expect(secrets).toMatchObject({ clone: login, cloneProblem: '', values: ['the token'] })
  for (const number of [CLONE, 0, 1, 2]) expect(secrets.ofStep(number).values.size).toBe(0)
  expect(secrets.pulls.values.size + secrets.registries.length).toBe(0)
})

test('a runner without the key clones without it, and knows why', () => {
  const job = makeJob([step('a', ['true'])])
  const sealed = sealSecrets(KEY, job, new Map([[CLONE, clone]]))
  for (const key of [null, jobKey('another secret of theirs')]) {
    const secrets = secretsOfJob({ ...job, sealed }, key)
    expect(secrets).toMatchObject({ clone: null, values: [] })
    expect(secrets.cloneProblem).toMatch(/key/)
  }
})
