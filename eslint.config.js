import tseslint from 'typescript-eslint';

/**
 * core/ is pure: no Node, no clock, no I/O, nothing thrown. It may import itself and shared vocabulary only.
 *
 * @param source - daemon/src as seen from these files
 */
const pureCore = (files, ignores, source) => ({
  files,
  ignores: ['**/*.test.ts', ...ignores],
  rules: {
    '@typescript-eslint/no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            group: ['node:*', `${source}/effects/*`, `${source}/rpc/*`, `${source}/config/*`, `${source}/*.ts`],
            message: 'core/ is pure: pass it in as an argument',
          },
          {
            regex: '^(?!\\.{1,2}/|@procman/protocol|temporal-polyfill$|croner$)',
            message: 'core/ imports no package but @procman/protocol, and for civil time temporal-polyfill and croner',
          },
        ],
      },
    ],
    'no-restricted-globals': [
      'error',
      ...[
        'Date',
        'process',
        'performance',
        'setTimeout',
        'setInterval',
        'setImmediate',
        'queueMicrotask',
        'console',
        'crypto',
        'Buffer',
        'fetch',
      ].map((name) => ({ name, message: 'core/ reads no clock and does no I/O' })),
    ],
    'no-restricted-syntax': [
      'error',
      { selector: 'ThrowStatement', message: 'core/ throws nothing: return the problem as data' },
      { selector: "MemberExpression[object.name='Math'][property.name='random']", message: 'core/ is deterministic' },
    ],
  },
});

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: {
          allowDefaultProject: [
            '*.js',
            '*.mjs',
            'etc/*.mjs',
            'bench/*.mjs',
            'proof/*.mjs',
            'proof/proofs/*.mjs',
            'integration-tests/programs/*.mjs',
          ],
        },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/prefer-readonly': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { varsIgnorePattern: '^_', argsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  pureCore(
    ['daemon/src/core/**/*.ts'],
    ['daemon/src/core/{explain,notify,time,lifecycle}/*.ts', 'daemon/src/core/lifecycle/**'],
    '..',
  ),
  pureCore(['daemon/src/core/{explain,notify,time,lifecycle}/*.ts'], [], '../..'),
  {
    files: ['**/*.test.ts', 'integration-tests/**', 'bench/**'],
    rules: {
      'no-console': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/explicit-module-boundary-types': 'off',
    },
  },
  {
    files: ['**/*.mjs', '**/*.js'],
    extends: [tseslint.configs.disableTypeChecked],
    rules: { 'no-console': 'off', '@typescript-eslint/explicit-module-boundary-types': 'off' },
  },
);
