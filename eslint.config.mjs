import js from '@eslint/js'
import tseslint from 'typescript-eslint'

/** What each room may import of ours. Imports point one way; nothing else is allowed. */
const rooms = {
  pipelines: [],
  protocol: ['pipelines'],
  native: [],
  git: ['protocol'],
  server: ['pipelines', 'protocol', 'git'],
  runner: ['pipelines', 'protocol', 'git', 'native'],
  cli: ['pipelines', 'protocol', 'git', 'native', 'server', 'runner'],
}

const importDirection = Object.entries(rooms).map(([room, allowed]) => ({
  files: [`${room}/**/*.ts`],
  ignores: ['**/*.test.ts'],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [...Object.keys(rooms), 'test', 'scripts']
          .filter((other) => other !== room && !allowed.includes(other))
          .map((other) => ({
            regex: `^(\\.\\./)+${other}/`,
            message: `${room}/ must not import ${other}/: imports point one way (see ARCHITECTURE.md).`,
          })),
      },
    ],
  },
}))

const purePipelines = {
  files: ['pipelines/**/*.ts'],
  ignores: ['**/*.test.ts'],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            regex: '^(\\.\\./)+(protocol|native|git|server|runner|cli|test|scripts)/',
            message: 'pipelines/ imports nothing of ours (see ARCHITECTURE.md).',
          },
          { regex: '^node:', message: 'pipelines/ is pure: no clock, disk, network or process.' },
        ],
      },
    ],
    'no-restricted-globals': ['error', 'process', 'fetch', 'setTimeout', 'setInterval', 'Buffer'],
    'no-restricted-properties': [
      'error',
      { object: 'Date', property: 'now', message: 'pipelines/ is pure: pass the time in.' },
      { object: 'Math', property: 'random', message: 'pipelines/ is pure.' },
    ],
  },
}

export default tseslint.config(
  { ignores: ['dist/', 'native/build/', 'node_modules/', 'coverage/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['**/*.test.ts', 'test/**/*.ts'],
    rules: {
      'max-lines': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    files: ['**/*.mjs', 'bin/*'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        fetch: 'readonly',
        Buffer: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        AbortController: 'readonly',
        AbortSignal: 'readonly',
        TextDecoder: 'readonly',
      },
    },
  },
  ...importDirection,
  purePipelines,
)
