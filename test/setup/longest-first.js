const { readFileSync } = require('node:fs');
const { default: Sequencer } = require('@jest/test-sequencer');

/**
 * What lasts begins first: a run lasts as long as the file that begins last. End-to-end tests wait for real minutes of real deployments,
 * the more deployments the longer; a simulation lasts longer than most files of unit tests. A clean clone has no durations of earlier runs
 * to tell.
 */
module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const length = new Map(tests.map((test) => [test, lengthOf(test)]));
    return super.sort(tests).sort((a, b) => length.get(b) - length.get(a));
  }
};

function lengthOf({ path, context }) {
  const project = context.config.displayName.name;
  return project === 'e2e' ? readFileSync(path, 'utf8').split('deploy(').length : Number(project === 'simulation');
}
