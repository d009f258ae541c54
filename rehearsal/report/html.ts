import { placeOf } from '../../lib/core/rollout/stages';
import { built } from '../../page/built';
import type { Chart } from '../../page/chart';
import { figure } from '../../page/figure';
import { data, type Content, html, Html } from '../../page/html';
import type { Run } from '../engine/run';
import type { Summary } from '../results/summary';
import type { CurvePoint } from './detection-curve';
import type { RehearsalDocument, RehearsedRollout } from './document';
import { curveChart, runCharts } from './charts';
import { peersPart } from './peers-part';
import { costs, count, interval, percent, time, verdicts } from './words';

/** What the page shows of a rollout beside its summaries. */
export interface Figures {
  /** One rehearsal of each scenario, with its trace. */
  readonly examples: { readonly [scenario: string]: Run };
  readonly curve: readonly CurvePoint[];
}

const COSTS =
  'Costs are means at the prices of us-east-1: Step Functions, Lambda, GetMetricData, DynamoDB and the candidate\'s metrics, and what serves '
  + 'the candidate where the template tells and it has a price. Alarms are there without a rollout too.';
const LIMIT =
  "The limit is Wald's: no rule that rolls a good candidate back as rarely as this plan, and looks at as many requests, can find more, "
  + 'even if it knew both error rates beforehand.';

/** One page that needs nothing else: whether the plan holds, then what it was held against, then how its rollouts went. */
export function reportPage(document: RehearsalDocument, figures: readonly Figures[]): string {
  const charts: Chart[] = [];
  /** Puts a chart in its place on the page. */
  const chart = (of: Chart): Html => figure(of, charts.push(of) - 1);
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rehearsal</title><style>${new Html(built('report.css'))}</style></head>
<body><main>
<h1>Rehearsal</h1><p class="soft">Rollouts in virtual time. Intervals are 95 %.</p>
${answer(document)}
${document.rollouts.map((rollout, index) => rolloutPart(rollout, figures[index], chart, index))}
<noscript><p class="soft">The plots are drawn by a script in this page.</p></noscript>
</main>`;
  // The script runs last, and may not be ended by what it holds.
  return `${page.markup}${data('charts', charts).markup}<script>${built('report.js').replaceAll('</script', '<\\/script')}</script></body></html>\n`;
}

/** Whether the plan holds, in a sentence, and everything that it does not meet. */
function answer({ rollouts, interrupted }: RehearsalDocument): Html {
  const all = rollouts.flatMap(({ alias, scenarios }) => scenarios.flatMap(({ scenario, requirements }) =>
    requirements.map((requirement) => ({ alias, scenario, ...requirement }))));
  const unmet = all.filter(({ met }) => !met);
  const where = (alias: string, scenario: string): string => (rollouts.length > 1 ? `${alias}, ${scenario}` : scenario);
  const cut = interrupted ? html`<p><b>Interrupted: what is here was rehearsed, the rest was not.</b></p>` : undefined;
  if (all.length === 0) {
    return html`<div class="banner${interrupted ? ' warn' : ''}"><strong>Nothing is required of the plan.</strong>
      <p>Say what you expect with <code>expect</code> of a scenario, or with <code>rehearse()</code> of the rollout, and this page says whether it holds.</p>${cut}</div>`;
  }
  if (unmet.length === 0) {
    return html`<div class="banner ${interrupted ? 'warn' : 'good'}"><strong>${interrupted ? 'So far the plan holds' : 'The plan holds'}: ${
      all.length === 1 ? 'its one requirement is met' : `all ${all.length} requirements are met`}.</strong>${cut}</div>`;
  }
  return html`<div class="banner bad"><strong>The plan does not hold: ${unmet.length} of ${all.length} ${all.length === 1 ? 'requirement is' : 'requirements are'} not met.</strong>
    <ul class="checks">${unmet.map(({ alias, scenario, sentence }) => html`<li class="bad"><span><b>${where(alias, scenario)}:</b> ${sentence}</span></li>`)}</ul>${cut}</div>`;
}

type ChartPlace = (chart: Chart) => Html;

function rolloutPart(rollout: RehearsedRollout, { examples, curve }: Figures, chart: ChartPlace, index: number): Html {
  const { stack, alias, runs, seed, stages, scenarios, base, notSimulated, assumed, isNew, peers = [] } = rollout;
  const id = (scenario: string): string => `r${index}-${scenarios.findIndex((summary) => summary.scenario === scenario)}`;
  return html`<h2>${stack} ${alias}</h2>
<ol class="steps">${stages.map((stage) => html`<li class="chip">${placeOf(stage)} for ${time(stage.bakeSeconds)}</li>`)}<li class="chip">100 %</li></ol>
<p class="soft">${runs} rollouts of each scenario, seed ${seed}.${assumed === true ? ' The traffic is assumed: say what yours is.' : ''}${isNew === true ? ' Before the change there was no such rollout.' : ''}</p>
${notSimulated.map(({ alarm, reason }) => html`<p class="soft">Alarm ${alarm} stays OK here: ${reason}.</p>`)}
<div class="card"><ul class="overview">${scenarios.map((summary) => html`<li><a href="#${id(summary.scenario)}">${summary.scenario}</a>
  <div>${verdictBar(summary)}<div class="words">${verdicts(summary)}${outcome(summary)}</div></div></li>`)}</ul></div>
${curve.length > 1 && html`<h2>How large a regression must be</h2><div class="card wide">${chart(curveChart(curve))}<p class="soft">${LIMIT}</p></div>`}
<h2>Scenarios</h2>
${scenarios.map((summary) => scenarioPart(summary, base?.find(({ scenario }) => scenario === summary.scenario), examples[summary.scenario], { chart, id: id(summary.scenario) }))}
<p class="soft">${COSTS}</p>
${peers.length > 0 && peersPart(peers, scenarios)}`;
}

/** How often each verdict came, by whether it was right: a good candidate is to be promoted, a worse one is not. */
function verdictBar({ verdicts: counts, runs, miss }: Summary): Html {
  const parts = Object.entries(counts).sort(([, a], [, b]) => b - a).map(([verdict, times]) => {
    const right = verdict === (miss === undefined ? 'promoted' : 'rolled back');
    const wrong = verdict === (miss === undefined ? 'rolled back' : 'promoted');
    return { verdict, times, kind: right ? 'good' : wrong && 'bad' || 'neither' };
  });
  return html`<div class="verdicts">${parts.map(({ verdict, times, kind }) =>
    html`<span class="${kind}" style="flex:${times}" title="${verdict}: ${percent(times / runs)}"></span>`)}</div>`;
}

function outcome({ requirements }: Summary): Content {
  const unmet = requirements.filter(({ met }) => !met).length;
  if (requirements.length === 0) {
    return undefined;
  }
  return unmet === 0 ? html` · <span class="good">as expected</span>` : html` · <span class="bad">${unmet} of ${requirements.length} not as expected</span>`;
}

function scenarioPart(summary: Summary, before: Summary | undefined, run: Run | undefined, { chart, id }: { chart: ChartPlace; id: string }): Html {
  const { scenario, description, blind, requirements } = summary;
  return html`<section class="card scenario" id="${id}">
<header><h3>${scenario}</h3><span class="soft">${description}</span></header>
${blind !== undefined && html`<p class="bad">${blind}</p>`}
${requirements.length > 0 && html`<ul class="checks">${requirements.map(({ met, sentence }) => html`<li class="${met ? 'good' : 'bad'}"><span>${sentence}</span></li>`)}</ul>`}
${run !== undefined && html`<p class="said"><span class="soft">One of them:</span> ${run.sentence}</p><div class="grid">${runCharts(run).map(chart)}</div>`}
${numbers(summary, before)}
</section>`;
}

/** What many rollouts came to, and beside each number what the plan before the change came to. */
function numbers(summary: Summary, before: Summary | undefined): Html {
  const rows: readonly [string, (of: Summary) => string | undefined][] = [
    ['verdicts', verdicts],
    ['rolled back without cause', ({ falseRollback }) => interval(falseRollback)],
    ['promoted although worse', ({ miss }) => miss && interval(miss)],
    ['detected in, median and p95', ({ detectionSeconds: found }) => found && `${time(found.median)}, ${time(found.p95)}`],
    ['failed at the candidate', ({ badResponses }) => count(badResponses)],
    ["more than production's", ({ excessResponses, wrongResponses = 0 }) => count(excessResponses + wrongResponses)],
    ['takes', ({ durationSeconds }) => time(durationSeconds.median)],
    ['costs, rollout + candidate', (of) => costs(of) || undefined],
  ];
  return html`<dl class="numbers">${rows.map(([name, of]) => {
    const [now, then] = [of(summary), before && of(before)];
    return now !== undefined && html`<div><dt>${name}</dt><dd>${now}${then !== undefined && html`<small>before: ${then}</small>`}</dd></div>`;
  })}</dl>`;
}
