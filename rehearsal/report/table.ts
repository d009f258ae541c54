import Table from 'cli-table3';
import { USUAL } from '../scenario/built-in';
import type { Summary } from '../summary';
import type { RehearsalDocument } from './document';
import { count, interval, percent, time, verdicts } from './words';

const { traffic: { requestsPerSecond }, production: { errorRate } } = USUAL;
const ASSUMED = `assumed: ${requestsPerSecond} requests a second, of which production fails ${percent(errorRate)}; say what yours is with rehearse() of the rollout or with --scenarios`;

/** The report as text for a terminal. */
export function renderRehearsal({ rollouts, interrupted }: RehearsalDocument, bold: (text: string) => string): string {
  const parts = rollouts.flatMap(({ stack, alias, runs, assumed, stages, notSimulated, scenarios, base }) => {
    const table = new Table({
      head: ['scenario', 'verdicts', 'false rollback', 'missed', 'detected in\nmedian, p95', 'failed at the\ncandidate', 'excess', 'takes'],
      style: { head: [], border: [] },
      wordWrap: true,
      colWidths: [17, 24, 16, 16, 13, 15, 9, 12],
      colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'right', 'right'],
    });
    for (const summary of scenarios) {
      table.push(row(summary, summary.scenario));
      const before = base?.find(({ scenario }) => scenario === summary.scenario);
      if (before !== undefined) {
        table.push(row(before, '  before'));
      }
    }
    return [
      `${bold(`${stack} ${alias}`)}  ${stages.map(({ percent: share }) => `${share} %`).join(' > ')} > 100 %, ${runs} rehearsals of each scenario`,
      table.toString(),
      ...(assumed ? [ASSUMED] : []),
      ...notSimulated.map(({ alarm, reason }) => `alarm ${alarm} stays OK here: ${reason}`),
      ...requirementLines(scenarios, bold),
    ];
  });
  return [...parts, ...(interrupted ? ['interrupted: this is what was rehearsed until then'] : [])].join('\n');
}

/** What is unmet, each with its value and limit, and how many there are. */
function requirementLines(scenarios: readonly Summary[], bold: (text: string) => string): string[] {
  const all = scenarios.flatMap(({ requirements }) => requirements);
  return all.length === 0 ? [] : [
    ...scenarios.flatMap(({ scenario, unmet }) => unmet.map((sentence) => `${bold('not as expected')}: ${scenario}: ${sentence}`)),
    `as expected: ${all.filter(({ met }) => met).length} of ${all.length} requirements`,
  ];
}

function row(summary: Summary, name: string): string[] {
  const { detectionSeconds: detection, miss } = summary;
  return [
    name, verdicts(summary), interval(summary.falseRollback), miss === undefined ? '' : interval(miss),
    detection === undefined ? '' : `${time(detection.median)},\n${time(detection.p95)}`,
    count(summary.badResponses), count(summary.excessResponses), time(summary.durationSeconds.median),
  ];
}
