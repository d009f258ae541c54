import { Guardrail, Segment } from '../../lib';
import { rehearse } from '../../rehearsal/engine/rehearse';
import type { Run } from '../../rehearsal/engine/run';
import { builtInScenarios, USUAL } from '../../lib/core/rehearsal/built-in';
import { isWorse, type Scenario } from '../../lib/core/rehearsal/scenario';
import { type Summary, summarize } from '../../rehearsal/results/summary';
import { simulationOptions } from '../report';
import { rolloutOf, steps } from '../judge/worlds/plans';

/** What a healthy candidate may lose to chance, and what a regression may. */
const FALSE_ROLLBACK = 0.01;
const MISSED = 0.05;
const RUNS = 1_000;
const QUICK_RUNS = 10;
const SEED = 1_000_003;

const PLANS = {
  'default canary': rolloutOf(),
  '5/25/50': rolloutOf({ shift: steps([5, 25, 50]) }),
};
const BY_SEGMENTS = {
  'by segments': rolloutOf({
    shift: steps([5, 25, 50]),
    guardrails: [Guardrail.errorRate({ by: Segment.header('x-tenant') }), Guardrail.latency()],
  }),
};

/** Scenarios of `model-rollout rehearse` that are no independent requests, each with a demand where there is a remedy. */
const ROWS: readonly {
  readonly scenario: string;
  readonly requestsPerSecond: readonly number[];
  /** Under a plan that compares in segments too, or under that alone: others are not expected to find it. */
  readonly bySegments?: 'too' | 'alone';
}[] = [
  { scenario: 'healthy', requestsPerSecond: [10, 100], bySegments: 'too' },
  { scenario: 'bad-inputs', requestsPerSecond: [10, 100] },
  { scenario: 'refusals', requestsPerSecond: [10, 100] },
  { scenario: 'bursts', requestsPerSecond: [10, 100] },
  { scenario: 'hiccups', requestsPerSecond: [10, 100], bySegments: 'too' },
  { scenario: 'wandering-latency', requestsPerSecond: [10, 100] },
  { scenario: 'cold-starts', requestsPerSecond: [10, 50] },
  { scenario: 'clustered', requestsPerSecond: [10, 100] },
  { scenario: 'outage', requestsPerSecond: [10, 100] },
  { scenario: 'masked', requestsPerSecond: [100] },
  { scenario: 'segment', requestsPerSecond: [100], bySegments: 'too' },
  { scenario: 'rare-segment', requestsPerSecond: [10, 100], bySegments: 'alone' },
  { scenario: 'worse', requestsPerSecond: [10, 100] },
];

/**
 * Prints what the rehearsal's worlds come to under plans that people have without a thought, by the real gate, controller and judge:
 * `--quick` with few rollouts of each, which CI runs, `--runs 300` with so many; `--only cold` takes the lines that contain a text.
 */
async function main(args: readonly string[]): Promise<void> {
  const { quick, only, runs = quick ? QUICK_RUNS : RUNS } = simulationOptions(args);
  let missed = 0;
  for (const { scenario: name, requestsPerSecond: rates, bySegments } of ROWS) {
    for (const requestsPerSecond of rates) {
      const plans = { ...(bySegments === 'alone' ? {} : PLANS), ...(bySegments === undefined ? {} : BY_SEGMENTS) };
      for (const [plan, rollout] of Object.entries(plans)) {
        const line = `${name}, ${requestsPerSecond} requests a second, ${plan}`;
        if (line.includes(only)) {
          const scenario = scenariosAt(requestsPerSecond).find((each) => each.name === name)!;
          const results: Run[] = [];
          for (let seed = SEED; seed < SEED + runs; seed++) {
            results.push(await rehearse(rollout, scenario, { seed }));
          }
          const summary = summarize(scenario, results);
          const met = isMet(scenario, summary);
          missed += met ? 0 : 1;
          console.log(`  ${(met ? 'ok' : 'MISSED').padEnd(7)}${line.padEnd(60)} ${seen(summary)}`);
        }
      }
    }
  }
  console.log(`\n${missed} missed`);
  process.exitCode = missed > 0 ? 1 : 0;
}

/** Those of the command, and a kind of requests half as frequent as in its `segment`, which is seen by segments only. */
function scenariosAt(requestsPerSecond: number): Scenario[] {
  const builtIn = builtInScenarios({ ...USUAL, traffic: { ...USUAL.traffic, requestsPerSecond } });
  const segment = builtIn.find(({ name }) => name === 'segment')!;
  return [...builtIn, { ...segment, name: 'rare-segment', segment: { share: 0.005, errorRate: 1 } }];
}

/** What chance alone explains is no miss. */
function isMet(scenario: Scenario, { falseRollback, miss }: Summary): boolean {
  return falseRollback.low <= FALSE_ROLLBACK && (!isWorse(scenario) || miss === undefined || miss.low <= MISSED);
}

function seen({ verdicts, runs, falseRollback, detectionSeconds }: Summary): string {
  const share = (count = 0): string => `${Number(((100 * count) / runs).toFixed(1))} %`;
  return [
    ...Object.entries(verdicts).map(([verdict, count]) => `${verdict} ${share(count)}`),
    `false ${share(falseRollback.count)}`,
    ...(detectionSeconds === undefined
      ? []
      : [`found in ${(detectionSeconds.median / 60).toFixed(0)} min (p95 ${(detectionSeconds.p95 / 60).toFixed(0)})`]),
  ].join(', ');
}

void main(process.argv.slice(2));
