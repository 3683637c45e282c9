/** What files can be converted from; `auto`: by the name of the file and what is in it. */
export const CONVERT_FROM = ['auto', 'woodpecker', 'drone-0.8'] as const

export type ConvertFrom = (typeof CONVERT_FROM)[number]
