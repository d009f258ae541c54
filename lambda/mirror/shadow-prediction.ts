import { randomUUID } from 'node:crypto';
import { shadowAnswered } from '../../lib/core/feedback/inference';
import { labelOf } from '../../lib/core/feedback/plan';
import type { MirrorPlan } from '../../lib/core/mirroring/mirror-plan';
import type { MirroredRequest } from '../../lib/core/mirroring/mirrored-request';
import { parseJsonPath, valueAt } from '../../lib/core/json/json-path';
import type { Outcome } from '../shared/http/outcome';
import { readJson } from '../shared/http/read-json';
import type { InferenceRecords } from '../shared/records/inference-records';
import type { PairMetrics } from '../shared/pair-metrics';

export interface ShadowRecordPorts {
  readonly plan: Pick<MirrorPlan, 'alias' | 'shadow' | 'version'>;
  readonly records: Pick<InferenceRecords, 'change'>;
  readonly pairs: Pick<PairMetrics, 'count'>;
  readonly onFailure: (details: { readonly [name: string]: unknown }) => void;
}

/**
 * Remember what a shadow predicted beside what production did, for when the label comes; if it has come already, the pair is counted here.
 * A shadow that did not answer predicts nothing. Never rejects: a pair that is not remembered is one pair less.
 */
export async function recordShadow(
  event: MirroredRequest,
  outcome: Outcome | Error,
  { plan, records, pairs, onFailure }: ShadowRecordPorts,
): Promise<void> {
  const { feedback, inferenceId, at } = event;
  if (feedback?.outcome.kind !== 'label' || outcome instanceof Error || outcome.kind !== 'answer' || outcome.status >= 400) {
    return;
  }
  const rule = feedback.outcome;
  const prediction = labelOf(valueAt(readJson(outcome.body), parseJsonPath(rule.prediction)!));
  let inferenceAt = at;
  try {
    const effect = await records.change(
      { table: feedback.table, inferenceId, by: randomUUID() },
      () => at + feedback.windowSeconds * 1_000,
      (known) => {
        inferenceAt = known?.answer?.at ?? at;
        return shadowAnswered(known, plan.shadow, { version: plan.version, ...(prediction === undefined ? {} : { prediction }) }, rule);
      },
    );
    pairs.count(plan.alias, inferenceAt, effect?.pairs ?? []);
  } catch (error) {
    onFailure({ inferenceId, error: (error as Error).name });
  }
}
