const common = {
  rootDir: __dirname,
  testEnvironment: 'node',
  // Math is slow behind the sandbox, and statistics are made of it.
  sandboxInjectedGlobals: ['Math'],
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript', decorators: true }, target: 'es2022' } }],
    '/hyparquet/.+\\.js$': ['@swc/jest', { jsc: { target: 'es2022' } }],
  },
  // Examples import the library as those who copy them do.
  moduleNameMapper: { '^cdk-model-rollout$': '<rootDir>/lib/index.ts' },
  // Jest takes CommonJS.
  transformIgnorePatterns: ['/node_modules/(?!hyparquet/)'],
  moduleFileExtensions: ['ts', 'js', 'mjs', 'json', 'node'],
  modulePathIgnorePatterns: ['<rootDir>/build/', '<rootDir>/cdk.out/', '<rootDir>/.cache/'],
};

const withCdk = {
  ...common,
  setupFiles: ['<rootDir>/test/setup/quick-synthesis.ts'],
  setupFilesAfterEnv: ['aws-cdk-lib/testhelpers/jest-autoclean', '<rootDir>/test/setup/patient.ts'],
};

module.exports = {
  // End-to-end tests mostly wait, each file for an emulator of its own; one that is given has room for one file at a time.
  maxWorkers: process.env.AWS_ENDPOINT_URL ? 1 : 3,
  reporters: ['default', '<rootDir>/test/setup/failures-last.js'],
  testSequencer: '<rootDir>/test/setup/longest-first.js',
  projects: [
    {
      ...withCdk,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/e2e/', '\\.simulation\\.test\\.ts$'],
    },
    {
      // Thousands of rollouts each: what holds only in the long run. They compute while end-to-end tests wait.
      ...withCdk,
      displayName: 'simulation',
      testMatch: ['<rootDir>/test/**/*.simulation.test.ts'],
    },
    {
      ...common,
      displayName: 'e2e',
      testMatch: ['<rootDir>/test/e2e/**/*.test.ts'],
      globalSetup: '<rootDir>/test/setup/install-emulator.ts',
      setupFilesAfterEnv: ['<rootDir>/test/setup/patient.ts'],
    },
  ],
};
