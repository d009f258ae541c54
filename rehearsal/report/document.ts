import type { FoundRollout } from '../assembly/found-rollout';
import type { PeerComparison } from '../results/peer-summary';
import type { Summary } from '../results/summary';

/** What a rehearsal prints with `--json`: public. Fields are added, never changed. */
export interface RehearsalDocument {
  readonly schema: 1;
  readonly ok: boolean;
  readonly command: 'rehearse';
  /** Rehearsals of each scenario of the first rollout. */
  readonly runs: number;
  readonly seed: number;
  /** Ended before everything was rehearsed; what is here was. */
  readonly interrupted: boolean;
  readonly rollouts: readonly RehearsedRollout[];
  readonly error?: { readonly code: string; readonly message: string };
}

export interface RehearsedRollout {
  readonly stack: string;
  readonly alias: string;
  /** Rehearsals of each scenario. */
  readonly runs: number;
  readonly seed: number;
  /** Neither the app nor a file says what traffic there is. */
  readonly assumed: boolean;
  readonly stages: FoundRollout['plan']['stages'];
  /** Alarms that stayed OK, with the reason. */
  readonly notSimulated: FoundRollout['notSimulated'];
  readonly scenarios: readonly Summary[];
  /** The same scenarios, on the same traffic, with the plan of `--base`. */
  readonly base?: readonly Summary[];
  /** The assembly of `--base` has no such rollout. */
  readonly isNew?: boolean;
  /** The same traffic under models of other systems' rules; only where they were asked for. */
  readonly peers?: readonly PeerComparison[];
}
