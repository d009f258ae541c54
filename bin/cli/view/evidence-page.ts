import type { EvidenceRecord } from '../../../lib/core/audit/record';
import { type KnownReadings, type Reading, unkept } from '../../../lib/core/audit/readings';
import { sha256 } from '../../../lib/core/audit/record';
import type { EvidenceBundle } from '../../../lib/core/audit/verify';
import type { Series } from '../../../lib/core/rollout/series';
import { routerMetric, sourceKey } from '../../../lib/core/guardrails/sources';
import { Metric } from '../../../lib/core/names';
import { countText } from '../../../lib/core/text';
import { built } from '../../../page/built';
import type { Chart, Point } from '../../../page/chart';
import { figure } from '../../../page/figure';
import { data, type Html, html, Html as Markup } from '../../../page/html';
import { rolloutCharts } from '../../../page/rollout-charts';
import { proportion } from '../../../rehearsal/statistics';
import type { EvidenceDecision, EvidenceDocument } from '../documents/evidence-bundle-document';
import type { DecisionEntry } from '../documents/history-document';
import { historyOf, movesOf } from './evidence';
import { instant, percent } from './format';
import { withoutName } from './history';

/** One page that needs nothing else, to be kept with the papers: how the rollout ended, whether that is verified, and by what. */
export function evidencePage(document: EvidenceDocument, records: readonly EvidenceRecord[], { records: texts }: EvidenceBundle): string {
  const charts = chartsOf(document, records, texts);
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Evidence: ${document.alias}</title><style>${new Markup(built('report.css'))}</style></head>
<body><main>
<h1>${document.alias}</h1>
<p class="soft">Rollout ${document.rollout}, from version ${document.production} to ${document.candidate}, since ${instant(document.startedAt)}.</p>
${ended(document)}
${checked(document)}
<h2>Over time</h2>
<div class="grid">${charts.map(figure)}</div>
<h2>Who spoke</h2>
${document.orders.length === 0
    ? html`<p>Nobody: the plan alone decided.</p>`
    : html`<ul>${document.orders.map(({ order, by, at, reason }) => html`<li><b>${order}</b> by ${by}, ${instant(at)}${reason && `: ${reason}`}</li>`)}</ul>`}
<h2>Decisions</h2>
<div class="card"><table><thead><tr><th>time</th><th>verdict</th><th>share</th><th>why</th></tr></thead><tbody>
${historyOf(document, records).decisions.map(row)}
</tbody></table></div>
<h2>Guardrails</h2>
${movesOf(document).map(guardrails)}
<h2>Plan</h2>
<details><summary>As it was carried out</summary><pre>${JSON.stringify(records.find(({ plan }) => plan !== undefined)?.plan, undefined, 2)}</pre></details>
<p class="soft">${document.by.map(({ library, code }) => `Decided by cdk-model-rollout ${library}, code ${code ?? 'unknown'}. `)}</p>
<noscript><p class="soft">The plots are drawn by a script in this page.</p></noscript>
</main>`;
  // The script runs last, and may not be ended by what it holds.
  return `${page.markup}${data('charts', charts).markup}<script>${built('report.js').replaceAll('</script', '<\\/script')}</script></body></html>\n`;
}

function ended({ outcome }: EvidenceDocument): Html {
  return outcome === undefined
    ? html`<div class="banner warn"><strong>Not sealed: the rollout runs, or its end could not be written.</strong></div>`
    : html`<div class="banner ${outcome.result === 'promoted' ? 'good' : 'bad'}"><strong>${outcome.result}, ${instant(outcome.at)}</strong>
<p>${outcome.sentence}</p></div>`;
}

function checked({ checks }: EvidenceDocument): Html {
  return checks === undefined
    ? html`<div class="banner warn"><strong>Not verified.</strong><p>Fetched as it is; <code>--verify</code> checks it.</p></div>`
    : html`<h2>Verified</h2><ul class="checks">${checks.map(({ what, holds, sentence }) =>
      html`<li class="${holds ? 'good' : 'bad'}"><span><b>${what}:</b> ${sentence}</span></li>`)}</ul>`;
}

function row({ to, from, count, verdict, percent: share, sentence }: DecisionEntry): Html {
  return html`<tr><td>${instant(to)}</td><td>${verdict}</td><td>${percent(share)}</td>
<td>${sentence}${count > 1 && html` <span class="soft">(${count} times since ${instant(from)})</span>`}</td></tr>`;
}

function guardrails({ index, at, verdict, percent: share, evidence, counts }: EvidenceDecision): Html {
  const rate = (of?: { requests: number; failures: number }): string =>
    (of === undefined ? 'not known' : `${countText(of.failures)} of ${countText(of.requests)} failed`);
  return html`<section class="card scenario"><header><h3>${verdict} ${percent(share)}</h3><span class="soft">decision ${index}, ${instant(at)}</span></header>
<p>In the step: candidate ${rate(counts?.candidate)}, production ${rate(counts?.production)}.</p>
${evidence !== undefined && html`<ul>${evidence.guardrails.map(({ name, sentence, ratio }) => html`<li><b>${name}</b>: ${withoutName({ name, sentence })}
${ratio !== undefined && html`<span class="soft">ratio ${ratio.estimate?.toPrecision(3) ?? '?'} [${ratio.lower.toPrecision(3)}, ${ratio.upper?.toPrecision(3) ?? '∞'}]</span>`}</li>`)}</ul>`}
</section>`;
}

function chartsOf({ decisions }: EvidenceDocument, records: readonly EvidenceRecord[], texts: readonly string[]): Chart[] {
  const times = decisions.map(({ at }) => Date.parse(at) / 1_000);
  if (times.length === 0) {
    return [];
  }
  const reading = lastReading(records, texts);
  const judged = records.flatMap(({ decision: { at, evidence: { judgement } } }) => (judgement === undefined ? [] : [{ at, judgement }]));
  const rates = reading && failures(records.at(-1)!, reading);
  return rolloutCharts({
    x: { kind: 'time', from: times[0], until: Math.max(times.at(-1)!, times[0] + 60) },
    shares: decisions.map(({ percent: y }, index) => ({ x: times[index], y })),
    ...(rates === undefined ? {} : { failures: rates }),
    ...(judged.length === 0
      ? {}
      : {
          evidence: {
            points: judged.map(({ at, judgement }) => ({ x: at / 1_000, y: judgement.logEvidence as number | null })),
            threshold: judged[0].judgement.logThreshold,
          },
        }),
  });
}

/** The counts of all periods, as they were known last. */
function lastReading(records: readonly EvidenceRecord[], texts: readonly string[]): Reading | undefined {
  let known: KnownReadings | undefined;
  try {
    records.forEach(({ readings }, place) => {
      known = readings === undefined ? known : { sha256: sha256(texts[place]), readings: unkept(readings, known) };
    });
  } catch {
    // A record between is missing: the check of the chain says so.
  }
  return known?.readings.comparison;
}

function failures({ state }: EvidenceRecord, { series }: Reading): { production: Point[]; candidate: Point[] } {
  const of = (version: string): Point[] => {
    const values = (metric: Metric): Series | undefined => series.get(sourceKey(routerMetric(state.alias, version, metric)));
    const failed = values(Metric.FAILURES);
    return [...values(Metric.INVOCATIONS) ?? []].filter(([, requests]) => requests > 0).sort(([one], [other]) => one - other)
      .map(([at, requests]) => {
        const { estimate, low, high } = proportion(failed?.get(at) ?? 0, requests);
        return { x: at / 1_000, y: 100 * estimate, low: 100 * low, high: 100 * high };
      });
  };
  return { production: of(state.production.version), candidate: of(state.candidate.version) };
}
