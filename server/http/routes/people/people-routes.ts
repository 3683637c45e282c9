import { listMembers, removeMember, setMember } from './members.js'
import { listUserRepos, syncUserRepos } from './repos.js'
import { rotateToken, showSelf } from './self.js'
import { listSessions, revokeSession, revokeSessions } from './sessions.js'
import { createToken, listTokens, revokeToken } from './tokens.js'
import { addUser, changeUser, listUsers, removeUser, showUser } from './users.js'

/** Routes about people. */
export const PEOPLE_ROUTES = [
  showSelf,
  rotateToken,
  listUserRepos,
  syncUserRepos,
  listTokens,
  createToken,
  revokeToken,
  listSessions,
  revokeSession,
  revokeSessions,
  listUsers,
  showUser,
  addUser,
  changeUser,
  removeUser,
  listMembers,
  setMember,
  removeMember,
]
