import path from 'node:path'

/** What each room may import of ours. Imports point one way; ARCHITECTURE.md has the same table. */
const ROOMS = {
  pipelines: [],
  protocol: ['pipelines'],
  native: [],
  git: ['protocol'],
  server: ['pipelines', 'protocol', 'git'],
  runner: ['pipelines', 'protocol', 'git', 'native'],
  cli: ['pipelines', 'protocol', 'git', 'native', 'server', 'runner'],
}

const ROOT = import.meta.dirname

/** First folder below the repository root of an absolute path. */
function roomOf(file) {
  return path.relative(ROOT, file).split(path.sep)[0]
}

/**
 * ESLint rule: a file imports only from its own room and from those its room may import. Core's
 * no-restricted-imports lets `import 'x'` and `import('x')` through, so this looks at every form.
 */
const importDirection = {
  meta: { type: 'problem', schema: [] },
  create(context) {
    const room = roomOf(context.filename)
    const allowed = ROOMS[room]
    if (!allowed) return {}
    const check = (node, source) => {
      if (typeof source !== 'string') return
      if (room === 'pipelines' && source.startsWith('node:')) {
        context.report({ node, message: 'pipelines/ is pure: no clock, disk, network or process.' })
      }
      if (!source.startsWith('.')) return
      const target = roomOf(path.resolve(path.dirname(context.filename), source))
      if (target === room || allowed.includes(target)) return
      context.report({
        node,
        message: `${room}/ must not import ${target}/: imports point one way (see ARCHITECTURE.md).`,
      })
    }
    return {
      ImportDeclaration: (node) => check(node, node.source.value),
      ExportNamedDeclaration: (node) => check(node, node.source?.value),
      ExportAllDeclaration: (node) => check(node, node.source.value),
      ImportExpression: (node) => check(node, node.source.value),
      TSImportType: (node) => check(node, node.source?.value),
    }
  },
}

export const rooms = { rules: { 'import-direction': importDirection } }
