const { readFileSync } = require('node:fs');
const { default: Sequencer } = require('@jest/test-sequencer');

/**
 * What waits begins first. End-to-end tests wait for real minutes of real deployments, the more deployments the longer; a run lasts
 * as long as the one that begins last. A clean clone has no durations of earlier runs to tell.
 */
module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const waits = new Map(tests.map((test) => [test, deployments(test)]));
    return super.sort(tests).sort((a, b) => waits.get(b) - waits.get(a));
  }
};

function deployments({ path, context }) {
  if (context.config.displayName?.name !== 'e2e') {
    return -1;
  }
  return readFileSync(path, 'utf8').split('deploy(').length;
}
