const { stripVTControlCharacters } = require('node:util');

/**
 * Says at the very end what failed, a few lines each. A log is often read from its end, or kept in part, and what `cdk deploy` printed of a
 * rollout that went another way is longer than what is kept.
 */
module.exports = class FailuresLast {
  onRunComplete(_contexts, { testResults }) {
    for (const { testFilePath, testResults: tests, testExecError } of testResults) {
      for (const { fullName, failureMessages } of tests.filter(({ status }) => status === 'failed')) {
        console.error(`\nFAILED ${fullName}\n  ${testFilePath}\n${shortened(failureMessages.join('\n'))}`);
      }
      if (testExecError) {
        console.error(`\nFAILED ${testFilePath}\n${shortened(testExecError.message)}`);
      }
    }
  }
};

/** The expectation at its beginning, the place in the test at its end; frames of jest say nothing. */
function shortened(message) {
  const text = stripVTControlCharacters(message).split('\n').filter((line) => !/^ +at .*node_modules/.test(line)).join('\n');
  return text.length <= 1_200 ? text : `${text.slice(0, 700)}\n[...]\n${text.slice(-500)}`;
}
