import type { CustomTypesConfig } from 'pg'
import { TypeOverrides, types } from 'pg'

/** `bigint` and sums as numbers, as SQLite gives them: ours are counts, ids and milliseconds, below 2^53. */
export const NUMBER_TYPES: CustomTypesConfig = numberTypes()

function numberTypes(): CustomTypesConfig {
  const overrides = new TypeOverrides()
  overrides.setTypeParser(types.builtins.INT8, Number)
  overrides.setTypeParser(types.builtins.NUMERIC, Number)
  return overrides
}
