import { duration, numberText } from '../../../../lib/core/text';
import { type Content, html, type Html } from '../../../../page/html';
import type { RolloutStatus } from '../../documents/status-document';
import type { WatchDocument, WatchedAlias } from '../watch-document';

/** Ends of the scale on which ratios are drawn, both ways from as often as production. */
const WIDEST = 16;

export interface Around {
  /** Why nothing newer is shown. */
  readonly problem?: string;
  /** What came of the last order. */
  readonly said?: { readonly text: string; readonly ok: boolean };
  readonly buttons: Content;
}

/** Where there are several aliases, one is chosen. */
export function alternatives({ aliases }: WatchDocument, chosen: string): Content {
  return aliases.length > 1 && html`<label class="choose">Alias <select>${aliases.map(({ status: { alias } }) =>
    (alias === chosen ? html`<option selected>${alias}</option>` : html`<option>${alias}</option>`))}</select></label>`;
}

export function headPart({ stack, region, at }: WatchDocument, { status, notes }: WatchedAlias, { problem, said, buttons }: Around): Html {
  const { rollout, warnings, problems } = status;
  return html`<header class="top"><div><p class="soft">${stack} · ${region}</p><h1>${status.endpoint} <span class="soft">/</span> ${status.name}</h1></div>
  <span class="chip ${problem === undefined ? 'good' : 'bad'}">${problem === undefined ? `live, ${at.slice(11, 19)} UTC` : 'not live'}</span></header>
  ${problem !== undefined && html`<div class="banner bad">${problem}</div>`}
  ${said !== undefined && html`<div class="banner ${said.ok ? 'good' : 'bad'}" role="status">${said.text}</div>`}
  ${rollout === undefined ? html`<div class="banner"><strong>No rollout.</strong><p>Production serves every request.</p></div>` : rolloutPart(rollout, Date.parse(at), buttons)}
  ${[...problems, ...warnings].map((text) => html`<div class="banner warn">${text}</div>`)}
  ${notes.map((text) => html`<p class="soft">${text}</p>`)}`;
}

function rolloutPart(rollout: RolloutStatus, now: number, buttons: Content): Html {
  const { status, decision, outcome, requests } = rollout;
  const kind = { 'running': '', 'promoted': 'good', 'rolled back': 'bad', 'superseded': 'bad' }[status];
  return html`<section class="card state ${kind}">
  <div class="what"><strong>${headline(rollout)}</strong><p>${outcome?.sentence ?? decision?.sentence}</p>
  ${status === 'running' && html`<p><span class="soft">Waits for</span> ${waits(rollout)}</p>`}</div>
  <progress max="1" value="${rollout.progress}" aria-label="how far the rollout is"></progress>
  <dl class="numbers"><div><dt>candidate</dt><dd><code>${rollout.to.slice(0, 12)}</code></dd></div><div><dt>production</dt><dd><code>${rollout.from.slice(0, 12)}</code></dd></div>
  ${status === 'running' && html`<div><dt>deadline in</dt><dd>${seconds((Date.parse(rollout.deadlineAt) - now) / 1_000)}</dd></div>`}
  ${rollout.evidence !== undefined && html`<div><dt>evidence, rolls back at ${numberText(rollout.evidence.threshold)}</dt><dd>${numberText(rollout.evidence.evidence)}</dd></div>`}
  ${requests?.candidate !== undefined && html`<div><dt>candidate, this step</dt><dd>${requests.candidate.requests.toLocaleString('en-US')} <small>${requests.candidate.failures.toLocaleString('en-US')} failed</small></dd></div>`}
  ${requests?.production !== undefined && html`<div><dt>production, this step</dt><dd>${requests.production.requests.toLocaleString('en-US')} <small>${requests.production.failures.toLocaleString('en-US')} failed</small></dd></div>`}</dl>
  <div class="row">${buttons}</div></section>`;
}

function headline({ status, stage, replay, shadow }: RolloutStatus): string {
  if (status !== 'running') {
    return { 'promoted': 'Promoted', 'rolled back': 'Rolled back', 'superseded': 'Superseded by another rollout' }[status];
  }
  if (replay?.done !== undefined) {
    return `Replaying ${replay.done.toLocaleString('en-US')} of ${replay.of.toLocaleString('en-US')} recorded requests`;
  }
  if (shadow?.seconds !== undefined) {
    return `A shadow for ${seconds(shadow.seconds)} of ${seconds(shadow.bakeSeconds)}`;
  }
  return stage.number === 0 ? 'Before the first step' : `Step ${stage.number} of ${stage.of}: ${Number(stage.percent.toPrecision(3))} % of the requests`;
}

/** What has to happen for the rollout to go on. */
function waits({ stage, paused, needsApproval, waitsFor }: RolloutStatus): string {
  if (paused !== undefined) {
    return `somebody to resume it: paused by ${paused.by}${paused.reason === undefined ? '' : `, ${paused.reason}`}`;
  }
  const left = stage.bakeSeconds - stage.seconds;
  if (stage.number > 0 && left > 0) {
    return `${seconds(left)} more of this step${needsApproval === undefined ? '' : `, then approval of step ${needsApproval}`}`;
  }
  return needsApproval === undefined ? waitsFor ?? 'nothing: the next decision moves it on' : `approval of step ${needsApproval}`;
}

/** Each guardrail with what it found, and how many times production's rate the candidate's is. */
export function guardrailsPart({ status: { rollout } }: WatchedAlias): Html {
  const judged = new Map(rollout?.evidence?.guardrails.map((each) => [each.name, each]));
  return rollout === undefined || rollout.guardrails.length === 0 ? html`` : html`<h2>Guardrails</h2><div class="card guardrails">${
    rollout.guardrails.map(({ name, action, status, detail }) => {
      const { ratio, sentence, certified } = judged.get(name) ?? {};
      return html`<div class="guardrail"><div><b>${name}</b> <span class="chip ${CHIPS[status]}">${status}</span> <span class="soft">${action === 'rollback' ? 'rolls back' : action}</span>${
        certified !== undefined && html` <span class="chip ${certified ? 'good' : ''}">${certified ? 'proved healthy' : 'not proved yet'}</span>`}
      <p class="soft">${sentence ?? detail}</p></div>${ratio !== undefined && forest(ratio)}</div>`;
    })}${judged.size > 0 && html`<p class="soft">Bars are how many times production's rate the candidate's is; each interval holds at every look, with 95 % at least.</p>`}</div>`;
}

const CHIPS = { 'ok': 'good', 'triggered': 'bad', 'unknown': 'warn', 'not read': '' } as const;

function forest({ estimate, lower, upper }: { readonly estimate?: number; readonly lower: number; readonly upper?: number }): Html {
  const at = (ratio: number): string => (50 + 50 * Math.max(-1, Math.min(1, Math.log(ratio) / Math.log(WIDEST)))).toFixed(1);
  const [low, high] = [Number(at(lower)), Number(at(upper ?? Infinity))];
  const text = `${estimate === undefined ? '' : `${numberText(estimate)} times `}[${numberText(lower)}, ${upper === undefined ? 'no limit' : numberText(upper)}]`;
  return html`<div class="forest"><svg viewBox="0 0 100 16" preserveAspectRatio="none" role="img" aria-label="${text}">
    <line class="one" x1="50" x2="50" y1="0" y2="16"/><rect x="${low}" y="6" width="${Math.max(0.5, high - low)}" height="4" rx="1"/>${
    estimate !== undefined && html`<rect class="at" x="${Number(at(estimate)) - 0.6}" y="2" width="1.2" height="12"/>`}</svg><span>${text}</span></div>`;
}

export function decisionsPart({ decisions }: WatchedAlias): Html {
  return decisions.length === 0 ? html`` : html`<h2>Decisions</h2><ol class="card decisions">${decisions.map(({ verdict, sentence, to, from, count, percent }) =>
    html`<li><time datetime="${to}">${to.slice(11, 19)}</time><span class="chip ${VERDICTS[verdict]}">${verdict}</span><span class="share">${Number(percent.toPrecision(3))} %</span>
    <p>${sentence}${count > 1 && html` <span class="soft">${count} times since ${from.slice(11, 19)}</span>`}</p></li>`)}</ol>`;
}

const VERDICTS: { readonly [verdict: string]: string } = { 'advance': 'good', 'promote': 'good', 'roll back': 'bad', 'invalid': 'warn' };

export function versionsPart({ status: { variants, revision } }: WatchedAlias): Html {
  return html`<h2>Now</h2><div class="card scroll"><table><thead><tr><th>variant</th><th>requests</th><th>version</th><th>where</th></tr></thead><tbody>${variants.map((variant) =>
    html`<tr><td><b class="${variant.role}">${variant.name}</b></td><td>${Number(variant.percent.toPrecision(4))} %</td><td><code>${variant.version.slice(0, 12)}</code></td><td>${variant.target}</td></tr>`)}</tbody></table>
    <p class="soft">Revision ${revision} of the route. Times are UTC, but on the charts.</p></div>`;
}

function seconds(value: number): string {
  return value < 0 ? 'no time' : duration(Math.round(value));
}
