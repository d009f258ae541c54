import type { EvidenceDecision, EvidenceDocument } from '../documents/evidence-bundle-document';
import { EntryCollector, type HistoryDocument } from '../documents/history-document';
import type { EvidenceRecord } from '../../../lib/core/audit/record';
import { instant, shortVersion } from './format';
import { renderHistory } from './history';
import { line, type Paint } from './line';

/** What `evidence` shows: how the rollout ended, who spoke, what was decided, and what of it is verified. */
export function renderEvidence(document: EvidenceDocument, records: readonly EvidenceRecord[], paint: Paint, columns?: number): string {
  const { alias, rollout, production, candidate, startedAt, outcome, by, orders, checks } = document;
  const versions = `${shortVersion(production)} to ${shortVersion(candidate)}`;
  return [
    line`${paint('bold', alias)}  rollout ${rollout}: ${versions}, since ${instant(startedAt)}`.text,
    outcome === undefined
      ? line`${paint('yellow', 'not sealed')}: it runs, or its end could not be written`.text
      : line`${paint(outcome.result === 'promoted' ? 'green' : 'red', outcome.result)}  ${instant(outcome.at)}  ${outcome.sentence}`.text,
    ...by.map(({ library, code }) => line`decided by cdk-model-rollout ${library}, code ${code ?? 'unknown'}`.text),
    ...orders.map((each) =>
      line`${each.order} by ${each.by}  ${instant(each.at)}${each.reason === undefined ? '' : `  ${each.reason}`}`.text),
    '',
    renderHistory(historyOf(document, records), paint, columns),
    ...(checks === undefined
      ? []
      : ['', ...checks.map(({ what, holds, sentence }) =>
        line`${holds ? paint('green', 'holds') : paint('red', 'DOES NOT HOLD')}  ${what}: ${sentence}`.text)]),
  ].join('\n');
}

/** Moves and runs of holds, as `history` shows them. */
export function historyOf({ alias, candidate, rollout }: EvidenceDocument, records: readonly EvidenceRecord[]): HistoryDocument {
  const collector = new EntryCollector(Infinity);
  records.toReversed().forEach(({ decision }) => collector.add({ rolloutId: rollout, version: candidate, decision }));
  return { schema: 1, ok: true, command: 'history', stack: '', region: '', alias, ...collector.result(), rejected: [] };
}

/** Decisions that moved something, and the last. */
export function movesOf({ decisions }: EvidenceDocument): readonly EvidenceDecision[] {
  return decisions.filter(({ verdict }, index) => verdict !== 'hold' || index === decisions.length - 1);
}
