import tseslint from 'typescript-eslint';
import { importRules } from './scripts/lint/imports.mjs';

const barrel = {
  name: 'aws-cdk-lib',
  message: 'Import aws-cdk-lib/core or a service submodule: the barrel triples the time of a type check.',
};

export default tseslint.config(
  { ignores: ['build/', 'assets/', 'dist/', 'cdk.out/', '.cache/', 'node_modules/'] },
  ...tseslint.configs.recommended,
  {
    plugins: { imports: importRules(import.meta.dirname) },
    rules: {
      'imports/no-file-circle': 'error',
      'imports/no-folder-circle': 'error',
      'imports/floors': 'error',
      'no-nested-ternary': 'error',
      'max-params': ['error', 5],
      'max-len': ['error', { code: 140, ignoreUrls: true, ignoreRegExpLiterals: true }],
      '@typescript-eslint/explicit-function-return-type': ['error', { allowExpressions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-restricted-imports': ['error', { paths: [barrel] }],
      '@typescript-eslint/no-unused-vars': ['error', { varsIgnorePattern: '^_', argsIgnorePattern: '^_' }],
      'eqeqeq': 'error',
      'no-console': 'off',
    },
  },
  {
    files: ['lib/core/**'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: [barrel],
          patterns: [
            {
              group: ['aws-cdk-lib/*', '@aws-sdk/*', 'constructs', '@aws-lambda-powertools/*'],
              message: 'lib/core knows neither AWS nor CDK.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['lambda/**'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: [barrel],
          patterns: [{ group: ['aws-cdk-lib/*', 'constructs'], message: 'A handler knows nothing of CDK.' }],
        },
      ],
    },
  },
  {
    files: ['test/**'],
    // A row of a table of cases has as many columns as it needs, and is one line.
    rules: {
      'max-params': 'off',
      'max-len': ['error', { code: 140, ignoreUrls: true, ignoreRegExpLiterals: true, ignoreStrings: true, ignoreTemplateLiterals: true }],
    },
  },
  {
    files: ['lib/core/inference-log/queries.ts', 'lib/model/python/markers.ts', 'rehearsal/report/html.ts', 'bin/cli/view/evidence-page.ts', 'rehearsal/report/peers-part.ts', 'scripts/docs/**'],
    // SQL, Python, markup and Markdown, each as it is written.
    rules: { 'max-len': 'off' },
  },
  {
    files: ['lib/**'],
    // jsii knows `any` where TypeScript would have `unknown`, and reads inline type imports of constructs badly.
    rules: { '@typescript-eslint/no-explicit-any': 'off' },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    rules: { '@typescript-eslint/explicit-function-return-type': 'off', '@typescript-eslint/no-require-imports': 'off' },
  },
);
