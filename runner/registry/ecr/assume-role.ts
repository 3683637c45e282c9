import { badAnswer } from '../errors.js'
import { awsCall, type AwsCall, type AwsWays } from './aws-call.js'
import type { AwsKeys } from './signature.js'
import type { AwsOptions, EcrAccount } from './types.js'
import { xmlText } from './xml.js'

/** Keys of the role, for an hour (STS AssumeRole). @throws RegistryError */
export async function assumeRole(
  ways: AwsWays,
  account: EcrAccount,
  region: string,
  options: AwsOptions,
): Promise<AwsKeys> {
  const form = new URLSearchParams({
    Action: 'AssumeRole',
    Version: '2011-06-15',
    RoleArn: account.assumeRole,
    RoleSessionName: 'sandpiper',
    ...(account.externalId === '' ? {} : { ExternalId: account.externalId }),
  })
  const call: AwsCall = {
    service: 'sts',
    region,
    action: 'sts:AssumeRole',
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body: form.toString(),
  }
  const xml = await awsCall(ways, account, call, options)
  const accessKey = xmlText(xml, 'AccessKeyId')
  const secretKey = xmlText(xml, 'SecretAccessKey')
  const sessionToken = xmlText(xml, 'SessionToken')
  if (accessKey !== null && secretKey !== null && sessionToken !== null) {
    return { accessKey, secretKey, sessionToken }
  }
  throw badAnswer(`Amazon's STS in ${region}`, 'there are no keys in its answer')
}
