import { gist } from '../../../lib/core/rollout/reasons';
import type { AliasStatus, CountsStatus, OrderStatus, RolloutStatus, StatusDocument } from '../documents/status-document';
import { evidenceText } from '../../../lib/core/judge/phrases';
import { percent, seconds, shortVersion } from './format';
import { clean, type Line, line, type Paint } from './line';
import { progressBar } from './progress';
import { type Branch, renderTree } from './tree';
import { numberText } from '../../../lib/core/text';

const LABEL = 11;

/** The tree that `status` shows. Pure: everything it says is in the document. */
export function renderStatus(document: StatusDocument, paint: Paint): string {
  const endpoints = [...new Set(document.aliases.map(({ endpoint }) => endpoint))];
  const now = Date.parse(document.at);
  return renderTree({
    line: line`${paint('bold', document.stack)} ${paint('dim', document.region)}`,
    children: endpoints.map((endpoint) => ({
      line: paint('bold', endpoint),
      children: document.aliases.filter((alias) => alias.endpoint === endpoint).map((alias) => aliasBranch(alias, now, paint)),
    })),
  });
}

/** One line for logs, which cannot be redrawn. */
export function renderAliasLine(alias: AliasStatus): string {
  const { rollout } = alias;
  const where = rollout?.status === 'running' ? stageOf(rollout) : rollout?.status ?? 'no rollout';
  const why = rollout?.outcome?.sentence ?? rollout?.decision?.sentence;
  const notes = [why, ...alias.warnings, ...alias.problems].filter((note) => note !== undefined);
  return line`${alias.alias}  ${where}${notes.length === 0 ? '' : `: ${notes.join('; ')}`}`.text;
}

/** What of the line stays the same while nothing happens. */
export function gistOfAlias({ rollout, warnings, problems }: AliasStatus): string {
  const { stage, decision, outcome } = rollout ?? {};
  return JSON.stringify([
    rollout?.status,
    stage?.number,
    stage?.percent,
    decision?.verdict,
    gist(decision?.reasons) ?? decision?.sentence,
    outcome?.sentence,
    warnings,
    problems,
  ]);
}

function aliasBranch(alias: AliasStatus, now: number, paint: Paint): Branch {
  const { rollout, lease, aborted } = alias;
  const candidate = alias.variants.some(({ role }) => role === 'candidate');
  const names = alias.variants.map(({ name }) => clean(name).length);
  return {
    line: line`${paint('cyan', alias.name)} ${paint('dim', alias.revision === undefined ? '' : `revision ${alias.revision}`)}`,
    children: [
      ...alias.variants.map((variant) => {
        const [name, share] = [clean(variant.name).padEnd(Math.max(...names)), percent(variant.percent).padStart(8)];
        return { line: line`${name} ${share}  ${shortVersion(variant.version)}  ${paint('dim', variant.target)}` };
      }),
      ...(lease === undefined || !candidate
        ? []
        : [
            labelled(
              'lease',
              lease.remainingSeconds > 0 ? line`holds for ${seconds(lease.remainingSeconds)}` : paint('red', 'ran out'),
              paint,
            ),
          ]),
      ...(aborted === undefined || rollout?.status === 'rolled back'
        ? []
        : [labelled('aborted', paint('red', byWhom(aborted, now)), paint)]),
      ...(rollout === undefined ? [] : [rollout.status === 'running' ? running(rollout, now, paint) : ended(rollout, now, paint)]),
      ...alias.warnings.map((warning) => labelled('warning', paint('yellow', warning), paint)),
      ...alias.problems.map((problem) => labelled('problem', paint('red', problem), paint)),
    ],
  };
}

function running(rollout: RolloutStatus, now: number, paint: Paint): Branch {
  const { decision, evidence, requests, paused, promotion } = rollout;
  const deadline = (Date.parse(rollout.deadlineAt) - now) / 1_000;
  const bar = paint('green', progressBar(rollout.progress));
  const done = Math.round(rollout.progress * 100);
  return {
    line: line`${rollout.kind} rollout to ${shortVersion(rollout.to)} ${bar} ${done} %  ${paint('bold', stageOf(rollout))}`,
    children: [
      labelled('time', line`${timeOf(rollout)}, ${deadline > 0 ? `${seconds(deadline)} until the deadline` : 'past the deadline'}`, paint),
      ...(rollout.preview === undefined ? [] : [labelled('preview', line`${rollout.preview} answers with the candidate alone`, paint)]),
      ...rollout.guardrails.map(({ name, action, status, detail }) =>
        labelled(
          'guardrail',
          line`${paint(STATUS_STYLES[status], `${name} ${status}`)} ${paint('dim', `(${action})`)}${detail === '' ? '' : ` ${detail}`}`,
          paint,
        ),
      ),
      ...(evidence === undefined
        ? []
        : [
            labelled(
              'evidence',
              line`${evidenceText(Math.log(evidence.evidence))} of ${numberText(evidence.threshold)} that roll back${
                evidence.split === undefined
                  ? ''
                  : `, ${numberText(evidence.split.observed)} % of the requests for ${numberText(evidence.split.configured)} % configured`
              }`,
              paint,
            ),
          ]),
      ...(requests === undefined
        ? []
        : [labelled('requests', line`candidate ${counts(requests.candidate)}, production ${counts(requests.production)}`, paint)]),
      ...(decision === undefined
        ? []
        : [
            labelled(
              'decision',
              line`${decision.sentence} ${paint('dim', `(number ${decision.number}, ${ago(decision.at, now)})`)}`,
              paint,
            ),
            ...helpOf(decision, paint),
          ]),
      ...(paused === undefined ? [] : [labelled('paused', paint('yellow', byWhom(paused, now)), paint)]),
      ...(promotion === undefined ? [] : [labelled('promotion', line`asked for ${byWhom(promotion, now)}`, paint)]),
      ...nextOf(rollout).map((next) => labelled('waits for', paint('yellow', next), paint)),
    ],
  };
}

/** What has to happen for the rollout to go on, with the command where it is a person's turn. */
function nextOf({ stage, paused, needsApproval, waitsFor }: RolloutStatus): string[] {
  if (paused !== undefined) {
    return ['`model-rollout resume`'];
  }
  const left = stage.bakeSeconds - stage.seconds;
  if (stage.number > 0 && left > 0) {
    return [
      `${seconds(left)} more of this stage${needsApproval === undefined ? '' : ', then \`model-rollout approve\` for stage '
        + `${needsApproval}`}`,
    ];
  }
  if (needsApproval !== undefined) {
    return [`\`model-rollout approve\` for stage ${needsApproval}`];
  }
  return waitsFor === undefined ? [] : [waitsFor];
}

function ended(rollout: RolloutStatus, now: number, paint: Paint): Branch {
  const { outcome, status, kept, registry } = rollout;
  const ending = paint(status === 'promoted' ? 'green' : 'red', status);
  return {
    line: line`last rollout, to ${shortVersion(rollout.to)}: ${ending} ${paint('dim', outcome === undefined ? '' : ago(outcome.at, now))}`,
    children: [
      ...(outcome === undefined ? [] : [{ line: line`${outcome.sentence}` }, ...helpOf(outcome, paint)]),
      ...(kept?.seal === undefined ? [] : [labelled('evidence', line`${kept.seal}`, paint)]),
      ...(registry?.approval === undefined ? [] : [labelled('registry', line`${registry.package} is ${registry.approval}`, paint)]),
      ...[kept?.problem, registry?.problem].flatMap((problem) =>
        (problem === undefined ? [] : [labelled('problem', paint('red', problem), paint)])),
    ],
  };
}

function helpOf({ help }: { readonly help?: string }, paint: Paint): Branch[] {
  return help === undefined ? [] : [labelled('see', line`${help}`, paint)];
}

function labelled(label: string, text: Line, paint: Paint): Branch {
  return { line: line`${paint('dim', label)}${' '.repeat(LABEL - label.length)}${text}` };
}

/** How long the rollout has been where it is. */
function timeOf({ stage, replay, shadow }: RolloutStatus): Line {
  if (shadow?.seconds !== undefined) {
    return line`${seconds(shadow.seconds)} of ${seconds(shadow.bakeSeconds)} as shadow ${clean(shadow.name)}`;
  }
  if (replay?.done !== undefined) {
    return line`${replay.done} of ${replay.of} recorded requests replayed`;
  }
  return stage.number === 0
    ? line`${seconds(stage.seconds)} before traffic`
    : line`${seconds(stage.seconds)} of ${seconds(stage.bakeSeconds)} in this stage`;
}

const STATUS_STYLES = { 'ok': 'green', 'triggered': 'red', 'unknown': 'yellow', 'not read': 'yellow' } as const;

function stageOf({ stage, replay, shadow }: RolloutStatus): string {
  if (replay?.done !== undefined) {
    return `replay before stage 1 of ${stage.of}`;
  }
  if (shadow?.seconds !== undefined) {
    return `shadow before stage 1 of ${stage.of}`;
  }
  if (stage.number === 0) {
    return `before stage 1 of ${stage.of}`;
  }
  return `stage ${stage.number} of ${stage.of} at ${stage.cohort === true ? 'the cohort' : percent(stage.percent)}`;
}

function counts(value: CountsStatus | undefined): string {
  return value === undefined ? 'not known' : `${value.requests} (${value.failures} failed)`;
}

function byWhom({ by, reason, at }: OrderStatus, now: number): string {
  return `by ${by} ${ago(at, now)}${reason === undefined ? '' : `: ${reason}`}`;
}

function ago(at: string, now: number): string {
  return `${seconds((now - Date.parse(at)) / 1_000)} ago`;
}
