import type { Run } from '../engine/run';
import type { Scenario } from '../../lib/core/rehearsal/scenario';
import { type Summary, summarize } from './summary';
import type { Peer } from '../peers/peer';

/** What a scenario's rollouts came to under another system's rules. */
export interface PeerSummary extends Pick<
  Summary,
  | 'runs'
  | 'verdicts'
  | 'falseRollback'
  | 'miss'
  | 'detectionSeconds'
  | 'candidateRequests'
  | 'badResponses'
  | 'excessResponses'
  | 'wrongResponses'
  | 'durationSeconds'
> {
  readonly peer: string;
  readonly about: string;
}

/** The rules of other systems on the traffic of one scenario. */
export interface PeerComparison {
  readonly scenario: string;
  readonly peers: readonly PeerSummary[];
}

export function summarizePeer({ name, about }: Peer, scenario: Scenario, results: readonly Run[]): PeerSummary {
  const {
    runs,
    verdicts,
    falseRollback,
    miss,
    detectionSeconds,
    candidateRequests,
    badResponses,
    excessResponses,
    wrongResponses,
    durationSeconds,
  } = summarize(scenario, results);
  return {
    peer: name,
    about,
    runs,
    verdicts,
    falseRollback,
    ...(miss === undefined ? {} : { miss }),
    ...(detectionSeconds === undefined ? {} : { detectionSeconds }),
    candidateRequests,
    badResponses,
    excessResponses,
    ...(wrongResponses === undefined ? {} : { wrongResponses }),
    durationSeconds,
  };
}
