import type { RawSeccompCondition } from '../addon.js'

const CMP_MASKED_EQ = 7
const BITS = 32

/**
 * Conditions, any of which holds exactly when the low 32 bits of argument `index` are none of `values`.
 *
 * The kernel reads many arguments (an ioctl's command, for one) as 32 bits, while a filter compares all
 * 64: a plain "not equal" is passed by setting a high bit that the kernel then ignores. libseccomp can
 * only mask for "equal", so "differs" is put together from single bits: a value is not in the set when
 * a bit on which all of the set agree differs, or when the bits on which they don't agree are a
 * combination that none of them has.
 */
export function notEqualAny(
  index: number,
  values: readonly number[],
): readonly RawSeccompCondition[] {
  const first = values[0] ?? 0
  const differing = values.reduce((bits, value) => bits | (value ^ first), 0) >>> 0
  return [...agreedBits(index, first, differing), ...otherCombinations(index, values, differing)]
}

function agreedBits(
  index: number,
  value: number,
  differing: number,
): readonly RawSeccompCondition[] {
  const bits = Array.from({ length: BITS }, (_, bit) => (1 << bit) >>> 0)
  return bits
    .filter((bit) => (differing & bit) === 0)
    .map((bit) => masked(index, bit, (~value & bit) >>> 0))
}

function otherCombinations(
  index: number,
  values: readonly number[],
  differing: number,
): readonly RawSeccompCondition[] {
  const taken = new Set(values.map((value) => (value & differing) >>> 0))
  return subsets(differing)
    .filter((combination) => !taken.has(combination))
    .map((combination) => masked(index, differing, combination))
}

/** Every number whose bits are among those of `mask`, `mask` not being 0. */
function subsets(mask: number): readonly number[] {
  if (mask === 0) return []
  const all: number[] = []
  for (let subset = mask; ; subset = ((subset - 1) & mask) >>> 0) {
    all.push(subset)
    if (subset === 0) return all
  }
}

function masked(index: number, mask: number, value: number): RawSeccompCondition {
  return { index, operation: CMP_MASKED_EQ, value: BigInt(mask), valueTwo: BigInt(value) }
}
