import { gist, type Reason } from '../../../lib/core/rollout/reasons';
import type { Rejection, StoredDecision } from '../../../lib/core/rollout/state';
import { type EvidenceStatus, evidenceStatus } from './evidence-document';

/** What `history --json` prints: public. Times are ISO 8601; fields are added, never changed. */
export interface HistoryDocument {
  readonly schema: 1;
  readonly ok: boolean;
  readonly command: 'history';
  readonly stack: string;
  readonly region: string;
  readonly alias: string;
  /** Oldest first. */
  readonly decisions: readonly DecisionEntry[];
  /** There are older ones. */
  readonly more: boolean;
  /** Versions that are refused until `retry`. */
  readonly rejected: readonly { readonly version: string; readonly reason: string; readonly at: string }[];
  readonly error?: { readonly code: string; readonly message: string };
}

/** A decision, or a run of decisions to hold for the same cause; then the texts are the last one's. */
export interface DecisionEntry {
  readonly rolloutId: string;
  readonly version: string;
  readonly verdict: string;
  /** For programs; a controller before this one gave none. */
  readonly reasons?: readonly Reason[];
  readonly sentence: string;
  /** Of the candidate, once the decision had taken effect. */
  readonly percent: number;
  readonly from: string;
  readonly to: string;
  readonly count: number;
  /** What the evidence said. */
  readonly evidence?: EvidenceStatus;
}

/** Entries that are filled from the newest decision backwards, as the table is read. */
export class EntryCollector {
  private readonly entries: DecisionEntry[] = [];
  /** What the last entry comes to. */
  private gist = '';

  constructor(private readonly limit: number) {}

  /** Returns whether older decisions are still wanted: one entry more than the limit shows that there are more. */
  add(stored: StoredDecision): boolean {
    const { rolloutId, version, decision: { verdict, reasons, sentence, percent, at, evidence: { judgement } } } = stored;
    const newer = this.entries.at(-1);
    const time = new Date(at).toISOString();
    if (
      newer !== undefined &&
      isRepeated(verdict) &&
      newer.rolloutId === rolloutId &&
      newer.verdict === verdict &&
      this.gist === kindOf(reasons, sentence)
    ) {
      this.entries[this.entries.length - 1] = { ...newer, from: time, count: newer.count + 1 };
    } else {
      this.gist = kindOf(reasons, sentence);
      this.entries.push({
        rolloutId,
        version,
        verdict,
        ...(reasons && { reasons }),
        sentence,
        percent,
        from: time,
        to: time,
        count: 1,
        ...(judgement && { evidence: evidenceStatus(judgement) }),
      });
    }
    return this.entries.length <= this.limit;
  }

  result(): Pick<HistoryDocument, 'decisions' | 'more'> {
    return { decisions: this.entries.slice(0, this.limit).reverse(), more: this.entries.length > this.limit };
  }
}

export function rejectionEntry({ version, reason, at }: Rejection): HistoryDocument['rejected'][number] {
  return { version, reason, at: new Date(at).toISOString() };
}

function isRepeated(verdict: string): boolean {
  return verdict === 'hold' || verdict === 'invalid';
}

/** What a decision says apart from times and counts. One whose controller gave no reasons is like none but itself. */
function kindOf(reasons: readonly Reason[] | undefined, sentence: string): string {
  return gist(reasons) ?? sentence;
}
