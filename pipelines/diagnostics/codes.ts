/** Every code that compiling a pipeline file can give, with what it means. See docs/errors.md. */
export const PIPELINE_CODES = {
  SP_PIPELINE_YAML: 'The file is not valid YAML.',
  SP_PIPELINE_TOO_LARGE: 'The file, or what it expands to, is larger than the limits.',
  SP_PIPELINE_EMPTY: 'The file has no pipeline.',
  SP_PIPELINE_KIND: 'The kind of a document is not known.',
  SP_PIPELINE_TYPE: 'The type of a pipeline is likely mistyped.',
  SP_PIPELINE_UNKNOWN_KEY: 'A key is not part of the language.',
  SP_PIPELINE_MISSING_KEY: 'A key that is needed is not there.',
  SP_PIPELINE_VALUE: 'A value has the wrong type or form.',
  SP_PIPELINE_DUPLICATE_KEY: 'A mapping has the same key twice.',
  SP_PIPELINE_DUPLICATE_NAME: 'Two steps of a pipeline, or two pipelines, have the same name.',
  SP_PIPELINE_RESERVED_NAME: 'A step has a name that Sandpiper uses itself.',
  SP_PIPELINE_UNKNOWN_DEPENDENCY: 'A dependency names a step or pipeline that does not exist.',
  SP_PIPELINE_CYCLE: 'Steps or pipelines wait for each other.',
  SP_PIPELINE_GLOB: 'A pattern of a condition is malformed.',
  SP_PIPELINE_EXPRESSION: 'An expression is malformed, or can not be evaluated.',
  SP_PIPELINE_SUBSTITUTION: 'A `${}` is malformed, or names what is not known (a warning).',
  SP_PIPELINE_PARAMETER:
    'A parameter can not be declared like that, or the build was started with one that does not fit.',
  SP_PIPELINE_MATRIX: 'The matrix of a pipeline can not be used.',
  SP_PIPELINE_INCLUDE: 'A file or template that is included is not there or can not be used.',
  SP_PIPELINE_WORKSPACE: 'The workspace would cover a path that the system needs.',
  SP_PIPELINE_NEEDS_TRUST:
    'A key asks for what no runner gives unless it was set up to (a warning).',
  SP_PIPELINE_NO_EFFECT: 'Something is allowed but has no effect (a warning).',
  SP_PIPELINE_CONVERTED: 'Something in a file of another tool has no meaning here (a warning).',
  SP_PIPELINE_FOREIGN: 'The file is written in the language of another tool.',
  SP_PIPELINE_TOO_MANY_PROBLEMS: 'There are more problems than are listed.',
  SP_PIPELINE_INTERNAL: 'Sandpiper has a bug; please report it with the file.',
} as const

/** One of the codes above. */
export type PipelineCode = keyof typeof PIPELINE_CODES
