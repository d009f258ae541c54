import tseslint from 'typescript-eslint';

const barrel = { name: 'aws-cdk-lib', message: 'Import aws-cdk-lib/core or a service submodule: the barrel triples the time of a type check.' };

export default tseslint.config(
  { ignores: ['build/', 'assets/', 'dist/', 'cdk.out/', '.cache/', 'node_modules/'] },
  ...tseslint.configs.recommended,
  {
    rules: {
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
      '@typescript-eslint/no-restricted-imports': ['error', {
        paths: [barrel],
        patterns: [{ group: ['aws-cdk-lib/*', '@aws-sdk/*', 'constructs', '@aws-lambda-powertools/*'], message: 'lib/core knows neither AWS nor CDK.' }],
      }],
    },
  },
  {
    files: ['lambda/**'],
    rules: {
      '@typescript-eslint/no-restricted-imports': ['error', {
        paths: [barrel],
        patterns: [{ group: ['aws-cdk-lib/*', 'constructs', '**/lib/model/*', '**/lib/endpoint/*', '**/lib/control-plane/*'], message: 'A handler imports from lib/core only.' }],
      }],
    },
  },
  {
    files: ['lib/**'],
    // jsii knows `any` where TypeScript would have `unknown`, and reads inline type imports of constructs badly.
    rules: { '@typescript-eslint/no-explicit-any': 'off' },
  },
  { files: ['**/*.js', '**/*.mjs'], rules: { '@typescript-eslint/explicit-function-return-type': 'off', '@typescript-eslint/no-require-imports': 'off' } },
);
