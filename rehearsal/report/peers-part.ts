import { html, type Html } from '../../page/html';
import type { PeerComparison, PeerSummary } from '../results/peer-summary';
import type { Summary } from '../results/summary';
import { count, interval, percent, time, verdicts } from './words';

/** How strongly a cell is coloured, of so many. */
const SHADES = 5;

/** The same traffic under other systems' rules: what they miss and roll back without cause, and what they let through. */
export function peersPart(comparisons: readonly PeerComparison[], scenarios: readonly Summary[]): Html {
  return html`<h2>The same traffic under other systems</h2>
<p class="soft">Models of those systems, from their documented behaviour and examples, not the systems; their alarms and checks allow twice production's failures and one
  and a half times its p99. Without this router a failure of the candidate is the caller's.</p>
${heatMap('Wrong verdicts', '% of rollouts that roll a good candidate back or miss a bad one', wrong, { comparisons, scenarios })}
${heatMap('Failed or wrong answers that production would not have given', 'mean of a rollout', excess, { comparisons, scenarios })}
${comparisons.map(({ scenario, peers }) => html`<details><summary>${scenario}</summary><div class="scroll"><table class="peers">
  <thead><tr><th>rules</th><th>verdicts</th><th>rolled back without cause</th><th>promoted although worse</th><th>detected in, median and p95</th><th>failed at the candidate</th><th>takes</th></tr></thead>
  <tbody>${row(planOf(scenarios, scenario), html`<b>this plan</b>`)}${peers.map((peer) => row(peer, html`<b>${peer.peer}</b><br><span class="soft">${peer.about}</span>`))}</tbody>
</table></div></details>`)}`;
}

interface Cell {
  readonly text: string;
  /** 0 to 1. */
  readonly heat: number;
}

/** A row for each scenario, a column for each system. */
function heatMap(
  title: string,
  unit: string,
  cell: (summary: Summary | PeerSummary) => Cell,
  { comparisons, scenarios }: { readonly comparisons: readonly PeerComparison[]; readonly scenarios: readonly Summary[] },
): Html {
  const names = ['this plan', ...comparisons[0].peers.map(({ peer }) => peer)];
  return html`<div class="card scenario"><b>${title}</b> <span class="soft">${unit}</span><div class="scroll"><table class="heat">
  <thead><tr><th></th>${names.map((name) => html`<th>${name}</th>`)}</tr></thead>
  <tbody>${comparisons.map(({ scenario, peers }) => html`<tr><th>${scenario}</th>${[planOf(scenarios, scenario), ...peers].map((summary) => {
    const { text, heat } = cell(summary);
    return html`<td class="h${Math.round(SHADES * heat)}">${text}</td>`;
  })}</tr>`)}</tbody></table></div></div>`;
}

function wrong({ falseRollback, miss }: Summary | PeerSummary): Cell {
  const part = Math.max(falseRollback.estimate, miss?.estimate ?? 0);
  return { text: percent(part), heat: part };
}

function excess({ excessResponses, wrongResponses = 0 }: Summary | PeerSummary): Cell {
  const more = Math.max(0, excessResponses + wrongResponses);
  return { text: count(more), heat: Math.min(1, Math.log10(1 + more) / 5) };
}

function planOf(scenarios: readonly Summary[], scenario: string): Summary {
  return scenarios.find((summary) => summary.scenario === scenario)!;
}

function row(summary: Summary | PeerSummary, about: Html): Html {
  const { detectionSeconds: found, miss } = summary;
  return html`<tr><td>${about}</td><td>${verdicts(summary)}</td><td>${interval(summary.falseRollback)}</td><td>${miss && interval(miss)}</td>
    <td>${found && `${time(found.median)}, ${time(found.p95)}`}</td><td>${count(summary.badResponses)}</td><td>${time(summary.durationSeconds.median)}</td></tr>`;
}
