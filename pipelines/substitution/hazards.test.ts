import { describe, expect, it } from '@jest/globals'
import { substituteText } from '../testing/substitute.js'

function toldOf(command: string, message: string): string[] {
  const source = JSON.stringify({ steps: [{ commands: [command] }] })
  const variables = { DRONE_COMMIT_MESSAGE: message, DRONE_BUILD_NUMBER: '5' }
  return substituteText(source, variables).diagnostics.map((one) => one.message)
}

describe('a command that reads values as code', () => {
  it.each([
    ['echo $((${DRONE_COMMIT_MESSAGE} + 1))', '$(( ))'],
    ['(( x = ${DRONE_COMMIT_MESSAGE} ))', '(( ))'],
    ['[[ ${DRONE_COMMIT_MESSAGE} -eq 1 ]]', '[[ ]]'],
    ['let x=${DRONE_COMMIT_MESSAGE}', 'let'],
    ['sh -c "a; echo ${DRONE_COMMIT_MESSAGE}"', 'sh -c'],
    ['/bin/bash -e -uc "echo ${DRONE_COMMIT_MESSAGE}"', 'bash -e -uc'],
    ['eval "x=${DRONE_COMMIT_MESSAGE}"', 'eval'],
    ['ssh host "echo ${DRONE_COMMIT_MESSAGE}"', 'ssh'],
    ['su -c "echo ${DRONE_COMMIT_MESSAGE}"', 'su -c'],
  ])('is told of, whatever the value: %s', (command, hazard) => {
    for (const message of ['plain', 'a[$(id)]']) {
      expect(toldOf(command, message).join()).toContain(`stands in \`${hazard}\``)
    }
  })

  it.each([
    'echo "${DRONE_COMMIT_MESSAGE}"',
    'echo $((${DRONE_BUILD_NUMBER} + 1))',
    'echo $((1)) ${DRONE_COMMIT_MESSAGE}',
    '[[ ${DRONE_COMMIT_MESSAGE} == x ]]',
    'sh -c "a"; echo ${DRONE_COMMIT_MESSAGE}',
  ])('is not %s', (command) => {
    expect(toldOf(command, 'plain')).toEqual([])
  })
})
