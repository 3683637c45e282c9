import { unsupported } from '../errors.js'
import { expandWord, WordError } from './expand.js'
import type { CopyAction } from './actions.js'
import { expand, visibleVariables, type Situation } from './situation.js'
import { parseHeredoc, type Heredoc } from './heredoc.js'
import type { CopyInstruction } from './instruction.js'
import { absolutePath } from './run-action.js'

const URL = /^(?:https?|ftp|git|ssh):\/\/|^git@/i

/** What COPY or ADD does. @throws WordError, SandpiperError SP_BUILD_UNSUPPORTED */
export function copyAction(
  copy: CopyInstruction,
  situation: Situation,
): { readonly action: CopyAction; readonly createdBy: string } {
  const { kind, heredocs } = copy
  const expanded = (text: string | null): string | null =>
    text === null ? null : expand(text, situation)
  const words = copy.sources.filter((word) => parseHeredoc(word) === null || heredocs.length === 0)
  const sources = words.map((word) => expand(word, situation))
  for (const source of sources) refuseUrl(source, copy, situation)
  const target = targetOf(expand(copy.target, situation), situation)
  if (copy.sources.length > 1 && !target.endsWith('/')) {
    throw new WordError(
      `with several sources the target of ${kind} must be a directory and end with /`,
    )
  }
  if (sources.includes('')) throw new WordError(`a source of ${kind} is empty`)
  const action: CopyAction = {
    kind: 'copy',
    isAdd: kind === 'ADD',
    from: expanded(copy.from),
    sources,
    files: heredocs.map((one) => ({ name: one.name, content: contentOf(one, situation) })),
    target,
    chown: expanded(copy.chown),
    chmod: modeOf(expanded(copy.chmod)),
    exclude: copy.exclude.map((pattern) => expand(pattern, situation)),
  }
  return { action, createdBy: createdBy(kind, action) }
}

function createdBy(kind: string, { from, chown, chmod, exclude, ...action }: CopyAction): string {
  const flags = [
    from === null ? '' : `--from=${from}`,
    chown === null ? '' : `--chown=${chown}`,
    chmod === null ? '' : `--chmod=${chmod}`,
    ...exclude.map((pattern) => `--exclude=${pattern}`),
  ].filter((flag) => flag !== '')
  const files = action.files.map(({ name }) => `<<${name}`)
  return [kind, ...flags, ...action.sources, ...files, action.target].join(' ')
}

function contentOf({ content, expand: isExpanded }: Heredoc, { state, scope }: Situation): string {
  if (!isExpanded) return content
  const { escape, effort } = scope
  return expandWord(content, { escape, effort, variables: visibleVariables(state), raw: true })
}

/** What `.` and a slash at the end say stays: it has to be a directory. */
function targetOf(text: string, { state }: Situation): string {
  const path = absolutePath(text, state.config)
  const isDirectory = /(?:^|\/)\.{0,2}$/.test(text)
  return isDirectory && path !== '/' ? `${path}/` : path
}

function modeOf(text: string | null): string | null {
  if (text === null || /^0?[0-7]{1,4}$/.test(text)) return text
  throw new WordError(`--chmod is an octal number such as 644 or 0755, not ${JSON.stringify(text)}`)
}

function refuseUrl(source: string, { kind }: CopyInstruction, { place }: Situation): void {
  if (!URL.test(source)) return
  if (kind === 'COPY') throw new WordError(`COPY takes files of the context, not ${source}`)
  throw unsupported(
    place,
    `ADD does not fetch ${source}`,
    'Fetch it in a RUN (RUN wget, RUN curl), or in a step before this one and COPY it.',
  )
}
