import type { Summary } from '../results/summary';
import type { RehearsalDocument } from './document';
import { interval, verdicts } from './words';

/** What is not there was not rehearsed, and must not look as if all were well. */
const INTERRUPTED = [
  '  <testsuite name="model-rollout rehearse" tests="1" errors="1">',
  '    <testcase classname="model-rollout" name="rehearse"><error type="INTERRUPTED" message="interrupted before everything was '
    + 'rehearsed"/></testcase>',
  '  </testsuite>',
].join('\n');

/** JUnit's XML: a suite for each rollout, a test for each scenario, failed where an expectation is unmet. */
export function junit({ rollouts, interrupted }: RehearsalDocument): string {
  const suites = rollouts.map(({ stack, alias, scenarios, base, isNew = false }) => {
    const cases = scenarios.map((summary) => {
      const { scenario, requirements, unmet } = summary;
      const before = base?.find((each) => each.scenario === scenario);
      const failure =
        unmet.length === 0
          ? ''
          : `<failure type="${[...new Set(requirements.flatMap(({ met, requirement }) => (met ? [] : [requirement])))].join(' ')}" `
            + `message="${escape(unmet.join('; '))}"/>`;
      const output = [
        ...seen(summary),
        ...(before === undefined ? [] : [`before the change ${seen(before).join(', ')}`]),
        ...(isNew ? ['no such rollout before the change'] : []),
        ...requirements.flatMap(({ met, sentence }) => (met ? [sentence] : [])),
      ].join('; ');
      return `    <testcase classname="${escape(`${stack}.${alias}`)}" `
        + `name="${escape(scenario)}">${failure}<system-out>${escape(output)}</system-out></testcase>`;
    });
    const failures = scenarios.filter(({ unmet }) => unmet.length > 0).length;
    return [
      `  <testsuite name="${escape(`${stack} ${alias}`)}" tests="${scenarios.length}" failures="${failures}">`,
      ...cases,
      '  </testsuite>',
    ].join('\n');
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites name="model-rollout rehearse">',
    ...suites,
    ...(interrupted ? [INTERRUPTED] : []),
    '</testsuites>',
    '',
  ].join('\n');
}

function seen(summary: Summary): string[] {
  const { falseRollback, miss } = summary;
  return [verdicts(summary), `false rollback ${interval(falseRollback)}`, ...(miss === undefined ? [] : [`missed ${interval(miss)}`])];
}

/** Text for an attribute or an element of XML or HTML; control characters, which XML cannot hold, left out. */
export function escape(text: string): string {
   
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '').replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
