import { ShadowMetric } from '../names';
import type { CommonGuardrailPlan } from './common';
import type { EvidenceKind } from './kind';
import { discordance, PAIRS } from './pairs';
import { ofShadow } from './sources';

/** Requests of which a judge found production's answer, or that of a shadow of the candidate's version, the better one. */
export interface PreferencePlan extends CommonGuardrailPlan {
  readonly kind: 'preference';
  /** Name of the shadow on the rollout's alias. */
  readonly shadow: string;
  /** How many times more often than it wins the shadow may lose, and what certification must exclude. */
  readonly ratio: number;
  readonly margin: number;
}

export const preference: EvidenceKind<PreferencePlan> = {
  ...PAIRS,
  factories: ['preference'],
  // A judge is asked about few requests, and not at all beyond its bound of a day.
  sparse: true,
  sources: ({ shadow }, compared) => {
    const of = ofShadow(compared, shadow);
    const pairs = { total: of(ShadowMetric.JUDGED), parts: [ShadowMetric.LOSSES, ShadowMetric.WINS].map(of) };
    return { writesZeros: true, candidate: pairs, production: pairs };
  },
  // A loss is to a judge what being alone in being wrong is to labels; ties, as what both got right, decide nothing.
  judged: ({ name, action, shadow, ratio, margin }) => [
    {
      kind: 'discordance', name, action, label: `shadow ${shadow}`, ratio, margin,
      words: { pairs: 'judged pairs', verb: 'were found worse' },
    },
  ],
  measured: discordance,
  replayed: undefined,
  sees: ['preference'],
};
