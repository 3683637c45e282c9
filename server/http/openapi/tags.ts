/** The parts of the API, in the order of docs/api.md; every route has one of them. */
export const TAGS = [
  { name: 'server', description: 'What the server is and how it is.' },
  { name: 'hooks', description: 'Webhooks of the forges, signed by them.' },
  { name: 'deliveries', description: 'What webhooks brought, and what became of it.' },
  { name: 'repos', description: 'Repos and their settings.' },
  { name: 'builds', description: 'Builds, their stages and their steps.' },
  { name: 'logs', description: 'What steps print.' },
  { name: 'secrets', description: 'Secrets and registry logins of repos and organisations.' },
  { name: 'crons', description: 'Builds that are made at set times.' },
  { name: 'queue', description: 'What waits, and for what.' },
  { name: 'runners', description: 'Runners that are there.' },
  { name: 'statuses', description: 'What the forges are told of builds.' },
  { name: 'login', description: 'Signing in through a forge, with a browser.' },
  { name: 'user', description: 'Who asks: their repos, tokens and sessions.' },
  { name: 'users', description: 'Everybody who has signed in.' },
  { name: 'members', description: 'Who may do what in a repo.' },
  { name: 'audit', description: 'Who read or changed what.' },
] as const
