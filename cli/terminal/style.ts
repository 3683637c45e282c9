import type { DiagnosticStyle } from '../../pipelines/index.js'
import type { Status } from '../../protocol/status.js'

/** The few styles the terminal output has; plain text when colours are off. */
export interface Style {
  readonly dim: (text: string) => string
  readonly bold: (text: string) => string
  status(status: Status, text: string): string
}

/** SGR sequences by hand: yoctocolors decides by the process's own stdout, a view by its stream. */
export function createStyle(colours: boolean): Style {
  const wrap = (code: string) => (text: string) => (colours ? `\x1b[${code}m${text}\x1b[0m` : text)
  const [dim, bold, red, green, yellow] = [wrap('2'), wrap('1'), wrap('31'), wrap('32'), wrap('33')]
  return {
    dim,
    bold,
    status(status, text) {
      if (status === 'success') return green(text)
      if (status === 'skipped' || status === 'running') return yellow(text)
      return WAITING.includes(status) ? dim(text) : red(text)
    },
  }
}

/** Errors are red, warnings yellow. */
export function createDiagnosticStyle(colours: boolean): DiagnosticStyle {
  const style = createStyle(colours)
  return {
    strong: style.bold,
    faint: style.dim,
    severity: (severity, text) => style.status(severity === 'error' ? 'failure' : 'skipped', text),
  }
}

const WAITING: readonly Status[] = ['pending', 'blocked', 'waiting_on_dependencies']

/** One character for a status. */
export function statusMark(status: Status): string {
  switch (status) {
    case 'success':
      return '✓'
    case 'skipped':
      return '-'
    case 'pending':
    case 'waiting_on_dependencies':
    case 'blocked':
      return '·'
    case 'running':
      return '>'
    default:
      return '✗'
  }
}
