import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { alarmEvidence, alarmSources, alarmTime, type EvidenceAlarmPlan } from '../../lib/core/hook/judge-alarm';
import { readSeries } from '../shared/series';

export interface EvidencePorts {
  readonly cloudWatch: Pick<CloudWatchClient, 'send'>;
  readonly now: () => number;
  readonly publish: (logEvidence: number) => void;
  readonly log: (sentence: string, details: { readonly [name: string]: unknown }) => void;
}

/** More is no more certain, and CloudWatch takes numbers up to a limit. */
const MOST_LOG_EVIDENCE = 1e6;

/** Publish what the evidence says now. What cannot be read rejects: the next minute reads it again, and Lambda counts the error. */
export async function tellEvidence(plan: EvidenceAlarmPlan, { cloudWatch, now, publish, log }: EvidencePorts): Promise<void> {
  const at = now();
  const series = await readSeries(cloudWatch, alarmSources(plan), alarmTime(plan, at));
  const evidence = alarmEvidence(plan, series, at);
  if (evidence !== undefined) {
    publish(Math.min(MOST_LOG_EVIDENCE, Math.max(-MOST_LOG_EVIDENCE, evidence.logEvidence)));
    log(evidence.sentence, { logEvidence: evidence.logEvidence });
  }
}
