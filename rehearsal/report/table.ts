import { placeOf } from '../../lib/core/rollout/stages';
import Table from 'cli-table3';
import type { PeerComparison, PeerSummary } from '../results/peer-summary';
import { USUAL } from '../../lib/core/rehearsal/built-in';
import type { Summary } from '../results/summary';
import type { RehearsalDocument } from './document';
import { costs, count, interval, percent, time, verdicts } from './words';

const { traffic: { requestsPerSecond }, production: { errorRate } } = USUAL;
const ASSUMED = `assumed: ${requestsPerSecond} requests a second, of which production fails ${percent(errorRate)}; say what yours is `
  + 'with rehearse() of the rollout or with --scenarios';

/** The report as text for a terminal. */
export function renderRehearsal({ rollouts, interrupted }: RehearsalDocument, bold: (text: string) => string): string {
  const parts = rollouts.flatMap(({ stack, alias, runs, assumed, stages, notSimulated, scenarios, base, isNew = false, peers = [] }) => {
    const table = new Table({
      head: [
        'scenario',
        'verdicts',
        'false rollback',
        'missed',
        'detected in\nmedian, p95',
        'failed at the\ncandidate',
        'excess',
        'takes',
        'costs, rollout\n+ candidate',
      ],
      style: { head: [], border: [] },
      wordWrap: true,
      colWidths: [19, 24, 16, 16, 13, 15, 9, 12, 16],
      colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'right', 'right', 'right'],
    });
    for (const summary of scenarios) {
      table.push([...row(summary, summary.scenario), costs(summary).replace(' + ', '\n+ ')]);
      const before = base?.find(({ scenario }) => scenario === summary.scenario);
      if (before !== undefined) {
        table.push([...row(before, '  before'), costs(before).replace(' + ', '\n+ ')]);
      }
    }
    return [
      `${bold(`${stack} ${alias}`)}  ${stages.map(placeOf).join(' > ')} > 100 %, ${runs} rehearsals of `
        + 'each scenario',
      table.toString(),
      ...(assumed ? [ASSUMED] : []),
      ...(isNew ? ['before the change there was no such rollout'] : []),
      ...notSimulated.map(({ alarm, reason }) => `alarm ${alarm} stays OK here: ${reason}`),
      ...peers.map((comparison) => renderPeers(comparison, scenarios, bold)),
      ...scenarios.flatMap(({ scenario, blind }) => (blind === undefined ? [] : [`${scenario}: ${blind}`])),
      ...requirementLines(scenarios, bold),
    ];
  });
  return [...parts, ...(interrupted ? ['interrupted: this is what was rehearsed until then'] : [])].join('\n');
}

/** The same traffic under other systems' rules, the plan first. */
function renderPeers({ scenario, peers }: PeerComparison, scenarios: readonly Summary[], bold: (text: string) => string): string {
  const table = new Table({
    head: ['rules', 'verdicts', 'false rollback', 'missed', 'detected in\nmedian, p95', 'failed at the\ncandidate', 'excess', 'takes'],
    style: { head: [], border: [] },
    wordWrap: true,
    colWidths: [24, 22, 16, 16, 13, 15, 9, 12],
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'right', 'right'],
  });
  const plan = scenarios.find((summary) => summary.scenario === scenario)!;
  table.push(row(plan, 'this plan'), ...peers.map((summary) => row(summary, summary.peer)));
  return `${bold(scenario)} under models of other systems, on the same traffic\n${table.toString()}`;
}

/** What is unmet, each with its value and limit, and how many there are. */
function requirementLines(scenarios: readonly Summary[], bold: (text: string) => string): string[] {
  const all = scenarios.flatMap(({ requirements }) => requirements);
  return all.length === 0 ? [] : [
    ...scenarios.flatMap(({ scenario, unmet }) => unmet.map((sentence) => `${bold('not as expected')}: ${scenario}: ${sentence}`)),
    `as expected: ${all.filter(({ met }) => met).length} of ${all.length} requirements`,
  ];
}

function row(summary: Summary | PeerSummary, name: string): string[] {
  const { detectionSeconds: detection, miss } = summary;
  return [
    name, verdicts(summary), interval(summary.falseRollback), miss === undefined ? '' : interval(miss),
    detection === undefined ? '' : `${time(detection.median)},\n${time(detection.p95)}`,
    count(summary.badResponses), count(summary.excessResponses + (summary.wrongResponses ?? 0)), time(summary.durationSeconds.median),
  ];
}
