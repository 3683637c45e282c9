// For Jest as root of a user namespace: SWC keeps a cache only where the host's root owns the
// directories above it, and sees nobody there. TypeScript itself has none.
const ts = require('typescript')

const META = [
  [/import\.meta\.url/g, 'require("node:url").pathToFileURL(__filename).href'],
  [/import\.meta\.dirname/g, '__dirname'],
]

module.exports = {
  process(text, fileName) {
    const { outputText } = ts.transpileModule(text, {
      fileName,
      compilerOptions: {
        module: ts.ModuleKind.CommonJS,
        target: ts.ScriptTarget.ES2022,
        esModuleInterop: true,
        inlineSourceMap: true,
        allowJs: true,
      },
    })
    return { code: META.reduce((code, [from, to]) => code.replace(from, to), outputText) }
  },
}
