import { duration, numberText } from '../../../../lib/core/text';
import { type Content, html, type Html } from '../../../../page/html';
import type { GuardrailEvidenceStatus } from '../../documents/evidence-document';
import type { CountsStatus, GuardrailStatus, RolloutStatus } from '../../documents/status-document';
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

export function headPart(
  { stack, region, at }: WatchDocument, { status, notes, rejected }: WatchedAlias, { problem, said, buttons }: Around,
): Html {
  const { rollout, warnings, problems } = status;
  return html`<header class="top">
    <div><p class="soft">${stack} · ${region}</p><h1>${status.endpoint} <span class="soft">/</span> ${status.name}</h1></div>
    <span class="chip ${problem === undefined ? 'good' : 'bad'}">
      ${problem === undefined ? 'live' : 'not live'}, ${at.slice(11, 19)} UTC</span>
  </header>
  ${problem !== undefined && html`<div class="banner bad" role="alert"><b>Nothing newer is known.</b> ${problem}</div>`}
  ${said !== undefined && html`<div class="banner ${said.ok ? 'good' : 'bad'}" role="status">${said.text}</div>`}
  ${rollout === undefined
    ? html`<div class="banner"><strong>No rollout yet</strong><p>Deploy another model to begin one: it shows here by itself.</p></div>`
    : rolloutPart(rollout, Date.parse(at), { buttons, rejected: rejected === true })}
  ${[...problems, ...warnings].map((text) => html`<div class="banner warn">${text}</div>`)}
  ${notes.map((text) => html`<p class="soft">${text}</p>`)}`;
}

const KINDS = { 'running': '', 'promoted': 'good', 'rolled back': 'bad', 'superseded': 'warn' } as const;
/** What a person does about how it ended. */
function nextOf({ status }: RolloutStatus, rejected: boolean): string | undefined {
  if (status === 'superseded') {
    return 'Another deployment took its place; its rollout shows here as soon as it has begun.';
  }
  if (status !== 'rolled back') {
    return undefined;
  }
  return `Production has all requests. ${rejected
    ? 'Deploy a better version: this one is rejected, and refused until somebody allows another try.'
    : 'The version is not rejected: the next deployment that has it tries it again.'}`;
}

interface BesideRollout {
  readonly buttons: Content;
  readonly rejected: boolean;
}

function rolloutPart(rollout: RolloutStatus, now: number, { buttons, rejected }: BesideRollout): Html {
  const next = nextOf(rollout, rejected);
  const { status, decision, outcome, evidence, requests } = rollout;
  return html`<section class="card state ${KINDS[status]}">
    <strong>${headline(rollout)}</strong>
    <p>${outcome?.sentence ?? decision?.sentence}</p>
    ${status === 'running' && html`<p><span class="soft">Waits for</span> ${waits(rollout)}</p>`}
    ${next !== undefined && html`<p class="soft">${next}</p>`}
    ${status === 'running' && html`<progress max="1" value="${rollout.progress}" aria-label="how far the rollout is"></progress>`}
    <dl class="numbers">
      ${number('candidate', html`<code>${rollout.to.slice(0, 12)}</code>`)}
      ${number('production', html`<code>${rollout.from.slice(0, 12)}</code>`)}
      ${status === 'running' && number('deadline in', seconds((Date.parse(rollout.deadlineAt) - now) / 1_000))}
      ${evidence !== undefined && number(`evidence, rolls back at ${numberText(evidence.threshold)}`, oddsText(evidence.evidence))}
      ${counts("candidate's requests, this step", requests?.candidate)}
      ${counts("production's requests, this step", requests?.production)}
    </dl>
    <div class="row">${buttons}</div>
  </section>`;
}

function number(title: string, value: Content, small?: string): Html {
  return html`<div><dt>${title}</dt><dd>${value}${small !== undefined && html` <small>${small}</small>`}</dd></div>`;
}

function counts(title: string, of: CountsStatus | undefined): Content {
  return of !== undefined && number(title, whole(of.requests), `${whole(of.failures)} failed`);
}

function headline({ status, stage, replay, shadow, paused }: RolloutStatus): string {
  if (status !== 'running') {
    return { 'promoted': 'Promoted', 'rolled back': 'Rolled back', 'superseded': 'Superseded by another rollout' }[status];
  }
  if (replay?.done !== undefined) {
    return `Replaying ${whole(replay.done)} of ${whole(replay.of)} recorded requests`;
  }
  if (shadow?.seconds !== undefined) {
    return `A shadow for ${seconds(shadow.seconds)} of ${seconds(shadow.bakeSeconds)}`;
  }
  if (stage.number === 0) {
    return 'Before the first step';
  }
  return `${paused === undefined ? '' : 'Paused in '}${paused === undefined ? 'Step' : 'step'} ${stage.number} of ${stage.of}: ${
    share(stage.percent, 3)} of the requests`;
}

/** What has to happen for the rollout to go on. */
function waits({ stage, paused, needsApproval, waitsFor }: RolloutStatus): string {
  if (paused !== undefined) {
    return `somebody to resume it: paused by ${paused.by}${paused.reason === undefined ? '' : `, ${paused.reason}`}`;
  }
  const left = stage.bakeSeconds - stage.seconds;
  const approval = needsApproval === undefined ? undefined : `approval of step ${needsApproval}`;
  if (stage.number > 0 && left > 0) {
    return `${seconds(left)} more of this step${approval === undefined ? '' : `, then ${approval}`}`;
  }
  return approval ?? waitsFor ?? 'nothing: the next decision moves it on';
}

const ACTIONS: { readonly [action: string]: string } = { rollback: 'rolls back', hold: 'holds', observe: 'observes' };
const CHIPS = { 'ok': 'good', 'triggered': 'bad', 'unknown': 'warn', 'not read': '' } as const;

/** Each guardrail with what it found, and how many times production's rate the candidate's is; segments below what they belong to. */
export function guardrailsPart({ status: { rollout }, readAt }: WatchedAlias): Html {
  const judged = rollout?.evidence?.guardrails ?? [];
  const declared = rollout?.guardrails ?? [];
  const found = new Map(judged.map((each) => [each.name, each]));
  if (declared.length === 0) {
    return html``;
  }
  return html`<h2>Guardrails</h2><div class="card guardrails">
    ${readAt !== undefined && html`<p class="soft">As they were read last, at ${readAt.slice(11, 19)} UTC.</p>`}
    ${declared.map((each) => guardrail(each, found.get(each.name)))}
    ${judged.some(({ ratio }) => ratio !== undefined)
      && html`<p class="soft">Bars: how many times production's rate the candidate's is.
        Each interval holds at every look, with 95 % at least.</p>`}
  </div>`;
}

function guardrail({ name, action, status, detail }: GuardrailStatus, judged: GuardrailEvidenceStatus | undefined): Html {
  const { ratio, sentence, certified } = judged ?? {};
  return html`<div class="guardrail"><div>
    <b>${name}</b> <span class="chip ${CHIPS[status]}">${status}</span> <span class="soft">${ACTIONS[action] ?? action}</span>
    ${certified !== undefined
      && html`<span class="chip ${certified ? 'good' : ''}">${certified ? 'certified' : 'not certified yet'}</span>`}
    <p class="soft">${sentence ?? detail}</p></div>${ratio !== undefined && forest(ratio)}</div>`;
}

function forest({ estimate, lower, upper }: NonNullable<GuardrailEvidenceStatus['ratio']>): Html {
  const at = (ratio: number): number =>
    Number((50 + 50 * Math.max(-1, Math.min(1, Math.log(ratio) / Math.log(WIDEST)))).toFixed(1));
  const [low, high] = [at(lower), at(upper ?? Infinity)];
  const interval = `[${numberText(lower)}, ${upper === undefined ? 'no limit' : numberText(upper)}]`;
  const text = `${estimate === undefined ? '' : `${numberText(estimate)} times `}${interval}`;
  return html`<div class="forest"><svg viewBox="0 0 100 16" preserveAspectRatio="none" role="img" aria-label="${text}">
    <line class="one" x1="50" x2="50" y1="0" y2="16"/>
    <rect x="${low}" y="6" width="${Math.max(0.5, high - low)}" height="4" rx="1"/>
    ${estimate !== undefined && html`<rect class="at" x="${at(estimate) - 0.6}" y="2" width="1.2" height="12"/>`}
    </svg><span>${text}</span></div>`;
}

const VERDICTS: { readonly [verdict: string]: string } = {
  'advance': 'good', 'promote': 'good', 'roll back': 'bad', 'invalid': 'warn',
};

export function decisionsPart({ decisions }: WatchedAlias): Html {
  return decisions.length === 0 ? html`` : html`<h2>Decisions</h2><ol class="card decisions">
    ${decisions.map(({ verdict, sentence, to, from, count, percent }) => html`<li>
      <time datetime="${to}">${to.slice(11, 19)}</time>
      <span class="chip ${VERDICTS[verdict]}">${verdict}</span>
      <span class="share">${share(percent, 3)}</span>
      <p>${sentence}${count > 1 && html` <span class="soft">${count} times since ${from.slice(11, 19)}</span>`}</p>
    </li>`)}</ol>`;
}

export function versionsPart({ status: { variants, revision } }: WatchedAlias): Html {
  return variants.length === 0 ? html`` : html`<h2>Served now</h2><div class="card"><div class="scroll">
    <table><thead><tr><th>variant</th><th>requests</th><th>version</th><th>where</th></tr></thead><tbody>
    ${variants.map(({ name, role, percent, version, target }) => html`<tr>
      <td><b class="${role === 'control' ? 'other' : role}">${name}</b></td>
      <td>${share(percent, 4)}</td><td><code>${version.slice(0, 12)}</code></td><td>${target}</td></tr>`)}
    </tbody></table></div>
    <p class="soft">Revision ${revision} of the route. Times are UTC, those of the charts are yours.</p></div>`;
}

function share(percent: number, digits: number): string {
  return `${Number(percent.toPrecision(digits))} %`;
}

function whole(count: number): string {
  return count.toLocaleString('en-US');
}

/** Evidence without end is still read. */
function oddsText(evidence: number): string {
  return evidence >= 1e6 ? evidence.toExponential(0).replace('e+', 'e') : numberText(evidence);
}

function seconds(value: number): string {
  return value < 1 ? 'no time' : duration(Math.round(value));
}
