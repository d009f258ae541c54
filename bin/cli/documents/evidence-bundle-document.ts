import type { EvidenceRecord } from '../../../lib/core/audit/record';
import type { Check, Verified } from '../../../lib/core/audit/verify';
import type { Counts } from '../../../lib/core/rollout/evidence';
import type { Reason } from '../../../lib/core/rollout/reasons';
import { type EvidenceStatus, evidenceStatus } from './evidence-document';

/** What `evidence --json` prints: public. Times are ISO 8601; fields are added, never changed. */
export interface EvidenceDocument {
  readonly schema: 1;
  readonly ok: boolean;
  readonly command: 'evidence';
  readonly alias: string;
  readonly rollout: string;
  readonly production: string;
  readonly candidate: string;
  readonly startedAt: string;
  /** Absent while the rollout runs, and where it could not be sealed. */
  readonly outcome?: { readonly result: string; readonly sentence: string; readonly at: string };
  /** ARN of the key that signed. */
  readonly key?: string;
  /** Versions of this library that decided, and hashes of their code. */
  readonly by: readonly { readonly library: string; readonly code?: string }[];
  readonly orders: readonly EvidenceOrder[];
  readonly decisions: readonly EvidenceDecision[];
  /** With --verify: what was looked at, and whether it holds. */
  readonly checks?: readonly Check[];
  readonly error?: { readonly code: string; readonly message: string };
}

/** What somebody said. */
export interface EvidenceOrder {
  readonly order: 'pause' | 'promote' | 'approve' | 'abort';
  readonly by: string;
  readonly reason?: string;
  readonly at: string;
}

export interface EvidenceDecision {
  readonly index: number;
  readonly at: string;
  readonly verdict: string;
  readonly percent: number;
  readonly sentence: string;
  readonly reasons?: readonly Reason[];
  /** Requests and failures of the step so far. */
  readonly counts?: { readonly candidate?: Counts; readonly production?: Counts };
  readonly evidence?: EvidenceStatus;
}

/** What a bundle says; the first record and the seal say the same of the rollout, where both are there. */
export function evidenceDocument(
  { end, records }: Pick<Verified, 'end' | 'records'>,
  checks?: readonly Check[],
): EvidenceDocument {
  const state = records.at(-1)?.state;
  const broken = checks?.filter(({ holds }) => !holds) ?? [];
  return {
    schema: 1,
    ok: broken.length === 0,
    command: 'evidence',
    alias: end?.alias ?? state?.alias ?? '',
    rollout: end?.rollout ?? state?.id ?? '',
    production: end?.production ?? state?.production.version ?? '',
    candidate: end?.candidate ?? state?.candidate.version ?? '',
    startedAt: iso(end?.startedAt ?? state?.startedAt ?? 0),
    ...(end === undefined
      ? {}
      : { outcome: { result: end.outcome.result, sentence: end.outcome.sentence, at: iso(end.outcome.at) }, key: end.key }),
    by: distinct([...records.map(({ by }) => by), ...(end === undefined ? [] : [end.by])]),
    orders: distinct(records.flatMap(ordersOf)),
    decisions: records.map(decisionOf),
    ...(checks === undefined ? {} : { checks }),
    ...(broken.length === 0
      ? {}
      : { error: { code: 'NOT_VERIFIED', message: broken.map(({ what, sentence }) => `${what}: ${sentence}`).join('; ') } }),
  };
}

function ordersOf({ state: { paused, promotion, approved }, decision: { at, evidence: { aborted } } }: EvidenceRecord): EvidenceOrder[] {
  const told = (order: EvidenceOrder['order'], said: { by: string; at: number; reason?: string } | undefined): EvidenceOrder[] =>
    said === undefined
      ? []
      : [{ order, by: said.by, ...(said.reason === undefined ? {} : { reason: said.reason }), at: iso(said.at) }];
  return [
    ...told('pause', paused), ...told('approve', approved), ...told('promote', promotion),
    ...told('abort', aborted && { ...aborted, at }),
  ];
}

function decisionOf({ index, decision }: EvidenceRecord): EvidenceDecision {
  const { at, verdict, percent, sentence, reasons, evidence: { candidate, production, judgement } } = decision;
  return {
    index, at: iso(at), verdict, percent, sentence,
    ...(reasons === undefined ? {} : { reasons }),
    ...(candidate === undefined && production === undefined
      ? {}
      : { counts: { ...(candidate === undefined ? {} : { candidate }), ...(production === undefined ? {} : { production }) } }),
    ...(judgement === undefined ? {} : { evidence: evidenceStatus(judgement) }),
  };
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
