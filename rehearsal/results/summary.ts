import type { RolloutCost } from './cost';
import type { Run, Verdict } from '../engine/run';
import { noWorse, type Requirement, requirementsOf } from './requirements';
import { isWorse, type Scenario } from '../../lib/core/rehearsal/scenario';
import { mean, type Proportion, proportion, quantile } from '../statistics';

/** What many rehearsals of a scenario came to. */
export interface Summary {
  readonly scenario: string;
  readonly description: string;
  readonly runs: number;
  readonly verdicts: { readonly [verdict in Verdict]?: number };
  /** Rolled back by a guardrail although the candidate was not, or not yet, worse. */
  readonly falseRollback: Proportion;
  /** A worse candidate was promoted; absent where it is not worse. */
  readonly miss?: Proportion;
  /** From when the candidate was worse and had requests to the last of them, in rollouts that rolled it back for that. */
  readonly detectionSeconds?: { readonly median: number; readonly p95: number };
  /** Means of a rollout. */
  readonly candidateRequests: number;
  readonly badResponses: number;
  /** Of them, those that production would not have given. */
  readonly excessResponses: number;
  /** Answers that were wrong where production's would have been right; absent where the candidate is as accurate. */
  readonly wrongResponses?: number;
  readonly durationSeconds: { readonly median: number; readonly p95: number };
  /** US dollars of a rollout. */
  readonly cost?: RolloutCost;
  /** What no guardrail of the plan can see of this scenario. */
  readonly blind?: string;
  /** Why rollouts that were not promoted ended, most frequent first, numbers left out. */
  readonly reasons: readonly { readonly sentence: string; readonly runs: number }[];
  /** What the scenario expects, and whether it was seen. */
  readonly requirements: readonly Requirement[];
  /** Of these, the sentences of those that are unmet. */
  readonly unmet: readonly string[];
}

const MOST_REASONS = 5;

export function summarize(scenario: Scenario, runs: readonly Run[], { blind, cost }: Pick<Summary, 'blind' | 'cost'> = {}): Summary {
  const verdicts: { [verdict in Verdict]?: number } = {};
  const reasons = new Map<string, { sentence: string; runs: number }>();
  for (const { verdict, sentence, gist } of runs) {
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
    if (verdict !== 'promoted') {
      const reason = reasons.get(gist) ?? { sentence, runs: 0 };
      reason.runs++;
      reasons.set(gist, reason);
    }
  }
  const worse = isWorse(scenario);
  const detections = runs.flatMap(({ detectionSeconds }) => detectionSeconds ?? []);
  const rolledBack = verdicts['rolled back'] ?? 0;
  const durations = runs.map(({ seconds }) => seconds);
  const summary = {
    scenario: scenario.name,
    description: scenario.description,
    runs: runs.length,
    verdicts,
    falseRollback: proportion(worse ? rolledBack - detections.length : rolledBack, runs.length),
    ...(worse ? { miss: proportion(verdicts.promoted ?? 0, runs.length) } : {}),
    ...(detections.length > 0 ? { detectionSeconds: { median: quantile(detections, 0.5)!, p95: quantile(detections, 0.95)! } } : {}),
    candidateRequests: mean(runs.map(({ candidateRequests }) => candidateRequests)),
    badResponses: mean(runs.map(({ candidateFailures }) => candidateFailures)),
    excessResponses: mean(runs.map(({ excessFailures }) => excessFailures)),
    ...(scenario.candidate.accuracy < scenario.production.accuracy
      ? { wrongResponses: mean(runs.map(({ excessWrong }) => excessWrong)) }
      : {}),
    durationSeconds: { median: quantile(durations, 0.5)!, p95: quantile(durations, 0.95)! },
    ...(cost === undefined ? {} : { cost }),
    ...(blind === undefined ? {} : { blind }),
    reasons: [...reasons.values()].sort((a, b) => b.runs - a.runs).slice(0, MOST_REASONS),
  };
  const undetected = (verdicts.promoted ?? 0) + (verdicts['gave up'] ?? 0);
  const requirements = requirementsOf(scenario, { ...summary, detections, undetected });
  return { ...summary, requirements, unmet: requirements.flatMap(({ met, sentence }) => (met ? [] : [sentence])) };
}

/** The same, held against what the plan before a change came to. */
export function againstBase(summary: Summary, before: Summary | undefined): Summary {
  const added = before === undefined ? [] : noWorse(summary, before);
  return {
    ...summary,
    requirements: [...summary.requirements, ...added],
    unmet: [...summary.unmet, ...added.flatMap(({ met, sentence }) => (met ? [] : [sentence]))],
  };
}
