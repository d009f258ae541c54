import { judge } from '../../lib/core/judge/judge';
import { METRIC_NAMESPACE } from '../../lib/core/names';
import { built } from '../../page/built';
import type { Chart, Line, Point, Role } from '../../page/chart';
import { figure } from '../../page/figure';
import { data, html, Html } from '../../page/html';
import { flatten } from '../../rehearsal/assembly/flatten';
import type { FoundRollout } from '../../rehearsal/assembly/found-rollout';
import { compile } from '../../rehearsal/assembly/metric-math';
import { randomOf } from '../../rehearsal/engine/random';
import type { Run } from '../../rehearsal/engine/run';

/** A page with the widgets of a rollout's dashboard, as the template has them, in the place where CloudWatch would put them. */

export interface Template {
  readonly Resources: { readonly [id: string]: { readonly Type: string; readonly Properties?: { readonly [name: string]: unknown } } };
}

type MetricOptions = {
  readonly id?: string; readonly expression?: string; readonly label?: string; readonly color?: string; readonly stat?: string; readonly visible?: boolean;
};

interface Widget {
  readonly type: 'metric' | 'text' | 'alarm' | 'log';
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: {
    readonly title?: string;
    readonly markdown?: string;
    readonly alarms?: readonly string[];
    readonly metrics?: readonly (readonly (string | MetricOptions)[])[];
    readonly annotations?: { readonly horizontal?: readonly { readonly value: number; readonly label: string }[] };
    readonly yAxis?: { readonly left?: { readonly max?: number } };
  };
}

const MINUTE_MS = 60_000;
/** Who a colour of CloudWatch's is. */
const ROLES: { readonly [color: string]: Role } = { '#1f77b4': 'production', '#ff7f0e': 'candidate' };

export function dashboardPage({ Resources: resources }: Template, rollout: FoundRollout, run: Run): string {
  const found = Object.values(resources).find(({ Type: type }) => type === 'AWS::CloudWatch::Dashboard')!;
  const { widgets } = JSON.parse(flatten(found.Properties!.DashboardBody)) as { widgets: readonly Widget[] };
  const series = seriesOf(rollout, run);
  const charts: Chart[] = [];
  const content = ({ type, properties }: Widget): Html => {
    switch (type) {
      case 'text': return text(properties.markdown ?? '');
      case 'alarm': return alarms(properties, rollout, run);
      case 'log': return decisions(properties.title ?? '', run);
      default: return figure(chartOf(properties, series, run), charts.push(chartOf(properties, series, run)) - 1);
    }
  };
  const page = html`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Dashboard</title>
<style>${new Html(built('report.css'))}
main { max-width: none; padding: 12px; } .board { display: grid; grid-template-columns: repeat(24, 1fr); gap: 10px; }
.board .plot { height: 190px; } .board h2 { margin: 0 0 6px; } .board td { padding: 3px 10px; } .board td:not(:last-child) { white-space: nowrap; }
.tiles { display: flex; gap: 8px; flex-wrap: wrap; }</style></head><body><main><div class="board">
${widgets.map((widget) => html`<div class="card" style="grid-column: ${widget.x + 1} / span ${widget.width}">${content(widget)}</div>`)}
</div></main>`;
  return `${page.markup}${data('charts', charts).markup}<script>${built('report.js').replaceAll('</script', '<\\/script')}</script></body></html>\n`;
}

/** The few signs that the text of a dashboard has. */
function text(markdown: string): Html {
  const inline = (line: string): Html[] => line.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));
  return html`${markdown.split('\n').filter((line) => line !== '').map((line) =>
    (line.startsWith('## ') ? html`<h2>${line.slice(3)}</h2>` : html`<p>${inline(line)}</p>`))}`;
}

function alarms({ title, alarms: arns = [] }: Widget['properties'], { plan }: FoundRollout, run: Run): Html {
  // The one on evidence is no guardrail of the plan, and no rehearsal has it: it goes off where the rollout ends by evidence.
  const went = new Set(run.trace!.alarms.filter(({ state }) => state === 'ALARM').map(({ alarm }) => alarm));
  if (run.verdict === 'rolled back' && run.sentence.includes('evidence')) {
    went.add('evidence');
  }
  const names = arns.map((arn) => plan.guardrails.find((each) => each.kind === 'alarm' && arn.includes(each.alarmName.slice(1, -1)))?.name ?? 'evidence');
  return html`<b>${title}</b><div class="tiles">${names.map((name) => html`<span class="chip ${went.has(name) ? 'bad' : 'good'}">${name}: ${
    went.has(name) ? 'In alarm' : 'OK'}</span>`)}</div>`;
}

function decisions(title: string, { trace }: Run): Html {
  return html`<b>${title}</b><table><tbody>${[...trace!.decisions].reverse().slice(0, 6).map(({ second, verdict, sentence }) =>
    html`<tr><td>${Math.round(second / 60)} min</td><td>${verdict}</td><td>${sentence}</td></tr>`)}</tbody></table>`;
}

function chartOf({ title = '', metrics = [], annotations, yAxis }: Widget['properties'], series: Series, run: Run): Chart {
  const rows = metrics.map((row) => ({ options: row.find((part): part is MetricOptions => typeof part !== 'string') ?? {}, row }));
  const byId = new Map(rows.flatMap(({ options, row }) => (options.id === undefined ? [] : [[options.id, series(row, options)]])));
  const lines = rows.filter(({ options }) => options.visible !== false).map(({ options, row }): Line => ({
    label: options.label ?? '', role: ROLES[options.color ?? ''] ?? 'other', dashed: /p99/.test(options.label ?? ''),
    steps: title.startsWith('Share'),
    points: options.expression === undefined ? series(row, options) : computed(options.expression, byId),
  }));
  return {
    title, about: '', x: { kind: 'minutes', from: 0, until: Math.max(1, run.seconds / 60) }, lines,
    // As CloudWatch draws them: evidence too, whose logarithm the title names.
    y: { kind: 'number', unit: '', ...(yAxis?.left?.max === undefined ? {} : { atLeast: yAxis.left.max }) },
    levels: (annotations?.horizontal ?? []).map(({ value, label }) => ({ y: value, label })),
  };
}

/** An expression over metrics, minute by minute, by the same parser that rehearsals evaluate alarms with. */
function computed(expression: string, byId: ReadonlyMap<string, readonly Point[]>): Point[] {
  const formula = compile(expression);
  return [...byId.values()][0].map(({ x }, index) => {
    const y = formula((id) => byId.get(id)?.[index]?.y ?? Number.NaN);
    return { x, y: Number.isFinite(y) ? y : null };
  });
}

type Series = (row: readonly (string | MetricOptions)[], options: MetricOptions) => Point[];

/**
 * What the rehearsed rollout counted, as CloudWatch's metrics. Two things a rehearsal does not keep: evidence is judged once more, from the
 * counts of each minute, and latencies, which are alike in this scenario, are made up.
 */
function seriesOf({ plan }: FoundRollout, { trace, shares, seconds }: Run): Series {
  const { minutes } = trace!;
  const random = randomOf(7);
  const each = (of: (minute: typeof minutes[number], index: number) => number | null): Point[] => 
    // CloudWatch shows the last minute too, before it is over; a picture need not.
    minutes.slice(0, -1).map((minute, x) => ({ x, y: of(minute, x) }));
  const evidence = evidenceOf(minutes, plan.judgement?.alpha ?? 0.01);
  return (row, { stat = '' }) => {
    const [namespace, name, ...rest] = row.filter((part) => typeof part === 'string');
    if (namespace !== METRIC_NAMESPACE) {
      return [];
    }
    const of = rest.includes('candidate') ? 'candidate' as const : 'production' as const;
    switch (name) {
      case 'CandidateWeight': return [{ x: 0, y: 0 }, ...shares.map(([second, y]) => ({ x: second / 60, y })), { x: seconds / 60, y: shares.at(-1)![1] }];
      case 'Invocations': return each((minute) => minute[`${of}Requests`] || null);
      case 'Failures': return each((minute) => (minute[`${of}Requests`] === 0 ? null : minute[`${of}Failures`]));
      // What the candidate fails production is asked for, and fails as often as by itself.
      case 'FallbackInvocations': return each(({ candidateFailures }) => candidateFailures);
      case 'FallbackFailures': return each(({ candidateFailures }) => random.binomial(candidateFailures, 0.01));
      case 'ModelLatency': return each((minute) => (minute[`${of}Requests`] === 0 ? null : (stat === 'p99' ? 250 : 80) * (1 + 0.06 * (random.uniform() - 0.5))));
      case 'LogEvidence': return evidence;
      default: return [];
    }
  };
}

function evidenceOf(minutes: NonNullable<Run['trace']>['minutes'], alpha: number): Point[] {
  const periods = minutes.flatMap(({ candidateRequests, candidateFailures, productionRequests, productionFailures }, index) => (candidateRequests === 0 ? [] : [{
    start: index * MINUTE_MS, step: 0, share: candidateRequests / (candidateRequests + productionRequests),
    requests: { candidate: candidateRequests, production: productionRequests },
    measurements: {
      errors: {
        kind: 'counts' as const,
        candidate: { total: candidateRequests, bad: [candidateFailures] }, production: { total: productionRequests, bad: [productionFailures] },
      },
    },
  }]));
  const plan = {
    start: 0, periodMs: MINUTE_MS, plannedPeriods: 60, minimumPeriods: 1, alpha,
    guardrails: [{ kind: 'counts' as const, name: 'errors', outcomes: [{ label: 'errors' }] }],
  };
  // Of the mean of two guardrails' evidence, errors are one half; latency, which is alike, adds nothing.
  return periods.map(({ start }, index) => ({
    x: start / MINUTE_MS + 1, y: judge(plan, periods.slice(0, index + 1), { step: 0, closedUntil: start + MINUTE_MS }).logEvidence - Math.LN2,
  }));
}
