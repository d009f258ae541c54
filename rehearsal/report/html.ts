import type { Run } from '../engine/run';
import type { PeerComparison, PeerSummary } from '../results/peer-summary';
import type { Summary } from '../results/summary';
import type { CurvePoint } from './detection-curve';
import type { RehearsalDocument, RehearsedRollout } from './document';
import { escape } from './junit';
import { type Plot, svg } from './plot';
import { costs, count, interval, percent, time, verdicts } from './words';

/** What the page shows of a rollout beside its summaries. */
export interface Figures {
  /** One rehearsal of each scenario, with its trace. */
  readonly examples: { readonly [scenario: string]: Run };
  readonly curve: readonly CurvePoint[];
}

const HEAD =
  "<th>verdicts</th><th>false rollback</th><th>missed</th><th>detected in, median and p95</th><th>failed at the candidate</th><th>more "
    + "than production's</th><th>takes</th><th>costs, rollout + candidate</th>";

const COSTS =
  "Costs are means at the prices of us-east-1: Step Functions, Lambda, GetMetricData, DynamoDB and the candidate's metrics, and what "
    + "serves the candidate " +
  'where the template tells and it has a price. Alarms are there without a rollout too.';
const LIMIT =
  "The limit is Wald's: no rule that takes a good candidate back as rarely as this plan, and looks at as many requests, can find more, " +
  'even if it knew both error rates beforehand.';

const STYLE = `
:root { color-scheme: light dark; --ink: light-dark(#1c2024, #e6e8ea); --soft: light-dark(#60656c, #9ba1a6); --line: light-dark(#e0e3e6, #34393e);
  --paper: light-dark(#fff, #15181b); --candidate: light-dark(#b3541e, #f0a070); --production: light-dark(#2f6f9f, #7fb8e0); --bad: light-dark(#b01e3c, #ff8a9c); --good: light-dark(#20744a, #7fd3a3); }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 1240px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0; } h2 { font-size: 1.2rem; margin-top: 2.2rem; } h3 { font-size: 1rem; margin: 1.6rem 0 .2rem; } p { margin: .3rem 0; } .soft { color: var(--soft); }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid var(--line); padding: .35rem .6rem; text-align: right; vertical-align: top; } th { color: var(--soft); font-weight: 500; } td:nth-child(-n+2), th:nth-child(-n+2) { text-align: left; } td:nth-child(n+3) { white-space: nowrap; }
.bad { color: var(--bad); } .good { color: var(--good); } .plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 1rem; }
figure { margin: 0; max-width: 500px; } figcaption { font-size: 13px; color: var(--soft); } figcaption b { color: var(--ink); font-weight: 600; } svg { width: 100%; height: auto; display: block; }
svg text { fill: var(--soft); font-size: 11px; } .x { text-anchor: middle; } .y { text-anchor: end; } .grid { stroke: var(--line); } .mark { stroke: var(--bad); stroke-dasharray: 3 3; stroke-width: 2; }
.line { fill: none; stroke: currentColor; stroke-width: 2; stroke-linejoin: round; } .band { fill: currentColor; opacity: .16; stroke: none; }
details { margin: .4rem 0; } summary { cursor: pointer; font-weight: 600; } .wide { max-width: none; grid-column: 1 / -1; }
.heat { font-size: 12px; } .heat td { text-align: center; background: color-mix(in srgb, var(--bad) calc(.6 * var(--heat)), transparent); } .heat td:nth-child(n), .heat th:nth-child(n) { text-align: center; white-space: normal; }
.heat thead th { overflow-wrap: anywhere; min-width: 4.5rem; } td:first-child { min-width: 15rem; } td:nth-child(2) { min-width: 7.5rem; }
.heat td:first-child, .heat td:nth-child(2) { min-width: 0; } .heat tbody th:first-child { text-align: left; white-space: nowrap; } .heat td[style] { color: var(--ink); }
.candidate { color: var(--candidate); } .production { color: var(--production); } .limit { color: var(--soft); } .line.limit { stroke-dasharray: 5 4; } .legend span::before { content: "\\25AC "; }
`;

/** One page that needs nothing else: tables, and plots in SVG, in light and dark. */
export function html(document: RehearsalDocument, figures: readonly Figures[]): string {
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>Rehearsal</title><style>${STYLE}</style></head><body>`,
    `<h1>Rehearsal</h1><p class="soft">Rollouts in virtual time. Intervals are 95 %.${document.interrupted ? ' <b class="bad">Interrupted: what is here was rehearsed.</b>' : ''}</p>`,
    ...document.rollouts.map((rollout, index) => rolloutPart(rollout, figures[index])),
    '</body></html>',
    '',
  ].join('\n');
}

function rolloutPart(
  { stack, alias, runs, seed, stages, scenarios, base, notSimulated, peers = [] }: RehearsedRollout,
  { examples, curve }: Figures,
): string {
  const steps = stages.map(({ percent: share, bakeSeconds }) => `${share} % for ${time(bakeSeconds)}`).join(', ');
  return [
    `<h2>${escape(`${stack} ${alias}`)}</h2><p class="soft">${escape(steps)}, then 100 %. ${runs} rollouts of each scenario, seed `
      + `${seed}.</p>`,
    ...notSimulated.map(({ alarm, reason }) => `<p class="soft">Alarm ${escape(alarm)} stays OK here: ${escape(reason)}.</p>`),
    `<div class="scroll"><table><thead><tr><th>scenario</th>${HEAD}</tr></thead><tbody>`,
    ...scenarios.flatMap((summary) => {
      const before = base?.find(({ scenario }) => scenario === summary.scenario);
      const about = `<b>${escape(summary.scenario)}</b><br><span `
        + `class="soft">${escape(summary.description)}</span>${summary.blind === undefined ? '' : `<br><span class="bad">${escape(summary.blind)}</span>`}${summary.requirements.map(({ met, sentence }) => `<br><span class="${met ? 'good' : 'bad'}">${met ? 'as expected' : 'not as expected'}: ${escape(sentence)}</span>`).join('')}`;
      return [row(summary, about), ...(before === undefined ? [] : [row(before, '<span class="soft">before</span>')])];
    }),
    '</tbody></table></div>',
    `<p class="soft">${COSTS}</p>`,
    ...(curve.length > 1
      ? ['<h3>How large a regression must be</h3>', '<div class="plots">', svg(curvePlot(curve)), '</div>', `<p class="soft">${LIMIT}</p>`]
      : []),
    ...peersPart(peers, scenarios),
    '<h3>One rollout of each scenario</h3>',
    ...scenarios.map(({ scenario }) => examples[scenario]).map((run, index) => examplePart(scenarios[index].scenario, run)),
  ].join('\n');
}

/** The same traffic under other systems' rules: what they miss and take back without cause, and what they let through. */
function peersPart(comparisons: readonly PeerComparison[], scenarios: readonly Summary[]): string[] {
  if (comparisons.length === 0) {
    return [];
  }
  return [
    '<h3>The same traffic under other systems</h3>',
    '<p class="soft">Models of those systems, from their documented behaviour and examples, not the systems; their alarms and checks '
      + 'allow twice production\'s failures and one and a half times its p99. Without this router a failure of the candidate is the '
      + 'caller\'s.</p>',
    '<div class="plots">',
    ...['wrong', 'excess'].map((kind) => peersPlot(kind as 'wrong' | 'excess', comparisons, scenarios)),
    '</div>',
    ...comparisons.map(({ scenario, peers }) => {
      const plan = scenarios.find((summary) => summary.scenario === scenario)!;
      return [
        `<details><summary>${escape(scenario)}</summary><div class="scroll"><table><thead><tr><th>rules</th>${HEAD}</tr></thead><tbody>`,
        row(plan, '<b>this plan</b>'),
        ...peers.map((peer) => row(peer, `<b>${escape(peer.peer)}</b><br><span class="soft">${escape(peer.about)}</span>`)),
        '</tbody></table></div></details>',
      ].join('');
    }),
  ];
}

/**
 * One line of marks for each scenario, a column for each system: parts of wrong verdicts, or responses that production would not have
 * failed.
 */
function peersPlot(kind: 'wrong' | 'excess', comparisons: readonly PeerComparison[], scenarios: readonly Summary[]): string {
  const names = ['this plan', ...comparisons[0].peers.map(({ peer }) => peer)];
  const rows = comparisons.map(({ scenario, peers }) => ({
    scenario,
    all: [scenarios.find((summary) => summary.scenario === scenario)!, ...peers],
  }));
  const cell = (summary: Summary | PeerSummary): { text: string; heat: number } => {
    if (kind === 'wrong') {
      const part = Math.max(summary.falseRollback.estimate, summary.miss?.estimate ?? 0);
      return { text: percent(part).replace(' %', ''), heat: part };
    }
    const excess = Math.max(0, summary.excessResponses + (summary.wrongResponses ?? 0));
    return { text: count(excess), heat: Math.min(1, Math.log10(1 + excess) / 5) };
  };
  const title = kind === 'wrong' ? 'Wrong verdicts' : 'Failed or wrong answers that production would not have given';
  const unit = kind === 'wrong' ? '% of rollouts that take a good candidate back or miss a bad one' : 'mean of a rollout';
  return [
    `<figure class="wide"><figcaption><b>${title}</b>, ${unit}</figcaption><div class="scroll"><table `
      + `class="heat"><thead><tr><th></th>${names.map((name) => `<th>${escape(name)}</th>`).join('')}</tr></thead><tbody>`,
    ...rows.map(
      ({ scenario, all }) =>
        `<tr><th>${escape(scenario)}</th>${all
          .map((summary) => {
            const { text, heat } = cell(summary);
            return `<td style="--heat:${(100 * heat).toFixed(0)}%">${text}</td>`;
          })
          .join('')}</tr>`,
    ),
    '</tbody></table></div></figure>',
  ].join('');
}

function row(summary: Summary | PeerSummary, about: string): string {
  const { detectionSeconds: detection, miss } = summary;
  return (
    `<tr><td>${about}</td><td>${escape(verdicts(summary))}</td><td>${interval(summary.falseRollback)}</td><td>${miss === undefined ? '' : interval(miss)}</td>` +
    `<td>${detection === undefined ? '' : `${time(detection.median)}, ${time(detection.p95)}`}</td><td>${count(summary.badResponses)}</td><td>${count(summary.excessResponses + (summary.wrongResponses ?? 0))}</td><td>${time(summary.durationSeconds.median)}</td><td>${'cost' in summary ? costs(summary).replace(' + ', '<br>+ ') : ''}</td></tr>`
  );
}

function curvePlot(curve: readonly CurvePoint[]): Plot {
  const rates = curve.map(({ errorRate }) => errorRate);
  return {
    title: 'Not promoted',
    yLabel: "% of rollouts, by the candidate's error rate",
    xLabel: "error rate of the candidate, the first as production's",
    logarithmic: true,
    x: [rates[0], rates.at(-1)!],
    y: [0, 100],
    xTicks: rates.filter((rate, index) => index === 0 || rate >= 1.9 * rates[0]),
    format: percent,
    lines: [
      { label: 'limit of any rule', className: 'limit', points: curve.map(({ errorRate, limit }) => [errorRate, 100 * limit] as const) },
      {
        label: 'this plan, with 95 % interval',
        className: 'candidate',
        points: curve.map(({ errorRate, kept }) => [errorRate, 100 * kept.estimate] as const),
        band: curve.map(({ kept }) => [100 * kept.low, 100 * kept.high] as const),
      },
    ],
  };
}

function examplePart(scenario: string, { sentence, shares, seconds, trace, verdict }: Run): string {
  const minutes = seconds / 60;
  const alarms = trace!.alarms
    .filter(({ state }) => state === 'ALARM')
    .map(({ second, alarm }) => ({ x: second / 60, label: `alarm ${alarm}` }));
  const weights = [[0, 0] as const, ...shares.map(([second, share]) => [second / 60, share] as const)];
  const counted = trace!.minutes.map((minute, index) => ({ index, ...minute }));
  const rates = (
    requests: 'candidateRequests' | 'productionRequests',
    failures: 'candidateFailures' | 'productionFailures',
  ): (readonly [number, number])[] =>
    counted.filter((minute) => minute[requests] > 0).map((minute) => [minute.index, (100 * minute[failures]) / minute[requests]] as const);
  const [candidate, production] = [rates('candidateRequests', 'candidateFailures'), rates('productionRequests', 'productionFailures')];
  const highest = Math.max(1, ...[...candidate, ...production].map(([, rate]) => rate));
  const end = Math.max(minutes, 1);
  return [
    `<h3>${escape(scenario)}</h3><p class="${verdict === 'promoted' ? 'good' : 'bad'}">${escape(sentence)}</p><div class="plots">`,
    svg({
      title: "Candidate's share",
      yLabel: '% of requests',
      xLabel: 'minutes',
      x: [0, end],
      y: [0, 100],
      marks: alarms,
      lines: [
        {
          label: 'candidate',
          className: 'candidate',
          steps: true,
          points: [...weights, [end, weights.at(-1)![1]] as const].filter(([x]) => x <= end),
        },
      ],
    }),
    svg({
      title: 'Failures by minute',
      yLabel: "% of the version's requests",
      xLabel: 'minutes',
      x: [0, end],
      y: [0, highest],
      marks: alarms,
      lines: [
        { label: 'production', className: 'production', points: production.filter(([x]) => x <= end) },
        { label: 'candidate', className: 'candidate', points: candidate.filter(([x]) => x <= end) },
      ],
    }),
    '</div>',
  ].join('');
}
