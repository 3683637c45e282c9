/** The pipeline language: the text of a file and an event in, a plan or diagnostics out. Pure. */
export type { Diagnostic, Position, SourceFile } from './diagnostic.js'
export { type BuildEvent, type BuildEventName, EVENT_NAMES, type RepoFacts } from './event.js'
export type * from './plan.js'
export { type Builder, builderOf } from './builders/builder-images.js'
export {
  type CompileInput,
  compilePipeline,
  type CompileResult,
} from './compile/compile-pipeline.js'
export type { Change } from './convert/change.js'
export { CONVERT_FROM, type ConvertFrom } from './convert/convert-from.js'
export { type ConvertedText, convertText } from './convert/convert-text.js'
export { CODE_EXAMPLES, type CodeExample } from './diagnostics/code-examples.js'
export { PIPELINE_CODES, type PipelineCode } from './diagnostics/codes.js'
export { SOURCE_LENGTH_MAX } from './limits.js'
export { nearest } from './diagnostics/did-you-mean.js'
export { type DiagnosticStyle, formatDiagnostic, formatSummary } from './diagnostics/format.js'
export { DEFAULT_HINTS } from './diagnostics/hints.js'
export {
  buildEnvironment,
  type BuildEnvironmentInput,
  type BuildFacts,
  type SystemFacts,
} from './environment/build-environment.js'
export type { StageFacts } from './environment/stage-variables.js'
export { stepEnvironment, type StepEnvironmentInput } from './environment/step-environment.js'
export { pipelineJsonSchema } from './schema/json-schema.js'
export { generateScript } from './script/generate-script.js'
