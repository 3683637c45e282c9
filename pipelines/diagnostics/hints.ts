import type { PipelineCode } from './codes.js'

/** What to do about a diagnostic whose place knows nothing better. */
export const DEFAULT_HINTS = {
  SP_PIPELINE_YAML:
    'mend the YAML here; indent with spaces, and quote text that has `: ` or ` #` in it',
  SP_PIPELINE_TOO_LARGE: 'make it smaller, or split it into several pipelines or files',
  SP_PIPELINE_EMPTY: 'start with `kind: pipeline`',
  SP_PIPELINE_KIND: 'write `kind: pipeline`',
  SP_PIPELINE_TYPE: 'write `type: docker`, or `type: exec` to run on the tools of the host',
  SP_PIPELINE_UNKNOWN_KEY: 'take the key out, or look up how it is written',
  SP_PIPELINE_MISSING_KEY: 'add the key',
  SP_PIPELINE_VALUE: 'write a value of the form that the message names',
  SP_PIPELINE_DUPLICATE_KEY: 'keep one of the two, the other has no effect',
  SP_PIPELINE_DUPLICATE_NAME: 'give one of them another name',
  SP_PIPELINE_RESERVED_NAME: 'take another name',
  SP_PIPELINE_UNKNOWN_DEPENDENCY: 'write the name of one that is there, or take the dependency out',
  SP_PIPELINE_CYCLE: 'remove one of these dependencies',
  SP_PIPELINE_GLOB: 'close every `[` and `{`, or put a backslash before them',
  SP_PIPELINE_EXPRESSION: 'compare variables with text, e.g. `CI_COMMIT_BRANCH == "main"`',
  SP_PIPELINE_SUBSTITUTION: 'write `$${NAME}` to leave it to the shell',
  SP_PIPELINE_PARAMETER: 'start the build again with a value that fits',
  SP_PIPELINE_MATRIX: 'give each name of the matrix a list of values, e.g. `GO: [1.22, 1.23]`',
  SP_PIPELINE_INCLUDE: 'give the path of a file from the root of the repo',
  SP_PIPELINE_WORKSPACE: 'take a directory of its own, e.g. `/drone/src`',
  SP_PIPELINE_NEEDS_TRUST:
    'take it out: the pipeline ends with an error before its first step, and no setting of a runner allows it yet',
  SP_PIPELINE_NO_EFFECT: 'take it out, or mend what keeps it from having an effect',
  SP_PIPELINE_CONVERTED: 'check that the pipeline does without it; `sandpiper convert` shows it',
  SP_PIPELINE_FOREIGN:
    'convert the file with `sandpiper convert`, or give it the name of that tool',
  SP_PIPELINE_TOO_MANY_PROBLEMS: 'mend the problems that are listed, then look again',
  SP_PIPELINE_INTERNAL:
    'to get on, undo the last change of the file; both versions help a bug report',
} as const satisfies Record<PipelineCode, string>
