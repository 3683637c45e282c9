import { Type } from 'typebox'

/** Drone's pages, for lists that Drone has. */
export const DRONE_PAGE = {
  page: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'From 1.' })),
  per_page: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
} as const
