import type { Variables } from './value.js'

/**
 * `DRONE_SEMVER*` of a tag, a leading `v` apart. A tag that is no semantic version gives
 * `DRONE_SEMVER_ERROR` alone. Source: https://semver.org/spec/v2.0.0.html, Drone's variable reference.
 */
export function semverVariables(tag: string): Variables {
  const match = SEMVER.exec(tag)
  if (match === null) {
    return { DRONE_SEMVER_ERROR: `${tag} is not a semantic version` }
  }
  const [, major = '', minor = '', patch = '', prerelease, build] = match
  const short = `${major}.${minor}.${patch}`
  const suffix = `${prerelease === undefined ? '' : `-${prerelease}`}${build === undefined ? '' : `+${build}`}`
  return {
    DRONE_SEMVER: `${short}${suffix}`,
    DRONE_SEMVER_MAJOR: major,
    DRONE_SEMVER_MINOR: minor,
    DRONE_SEMVER_PATCH: patch,
    DRONE_SEMVER_SHORT: short,
    DRONE_SEMVER_PRERELEASE: prerelease,
    DRONE_SEMVER_BUILD: build,
  }
}

const SEMVER = /^v?(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?$/

/**
 * `DRONE_CALVER*` of a tag, a leading `v` apart: none unless the tag starts with a year, which Drone
 * takes two digits from 19 on, or four from 2019 on, for. Source: Drone's variable reference.
 */
export function calverVariables(tag: string): Variables {
  const match = CALVER.exec(tag)
  if (match === null) return {}
  const [, major = '', minor = '', micro, modifier] = match
  const year = Number(major)
  if (!((year > 18 && year < 100) || (year > 2018 && year < 9999))) return {}
  const short = micro === undefined ? `${major}.${minor}` : `${major}.${minor}.${micro}`
  return {
    DRONE_CALVER: modifier === undefined ? short : `${short}-${modifier}`,
    DRONE_CALVER_MAJOR: major,
    DRONE_CALVER_MINOR: minor,
    DRONE_CALVER_MICRO: micro,
    DRONE_CALVER_MAJOR_MINOR: `${major}.${minor}`,
    DRONE_CALVER_MODIFIER: modifier,
    DRONE_CALVER_SHORT: short,
  }
}

const CALVER = /^v?(\d+)\.(\d+)(?:\.([^-]+)(?:-(.+))?)?$/
