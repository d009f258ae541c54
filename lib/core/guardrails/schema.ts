import { schemaMetric } from '../names';
import type { JsonSchema } from '../routing/measures';
import { type BoundsPlan, boundsOf, type CommonGuardrailPlan } from './common';
import { type EvidenceKind, PLAIN } from './kind';
import { noiseOf } from './learnt';
import { ofBoth } from './sources';

/** Answers that break the schema that they should follow, as the router counts them. */
export interface SchemaPlan extends CommonGuardrailPlan, BoundsPlan {
  readonly kind: 'schema';
  readonly schema: JsonSchema;
}

export const schema: EvidenceKind<SchemaPlan> = {
  ...PLAIN,
  factories: ['schema'],
  unit: () => 'request',
  countsAssigned: true,
  counted: (plan) => ({ schema: plan.schema }),
  sources: (_plan, compared, { place }) => ({
    writesZeros: true, ...ofBoth(compared, schemaMetric(place.schemas, 'Answers'), [schemaMetric(place.schemas, 'Broken')]),
  }),
  // Routers count by a schema while a rollout asks for it.
  history: () => [],
  hasExactForm: () => false,
  judged: ({ name, action, ...plan }, { learnt, periodSeconds }) => [
    {
      kind: 'counts',
      name,
      action,
      ...boundsOf(plan),
      outcomes: [{ label: 'answers that break the schema', form: 'rate', ...noiseOf(learnt, 0, periodSeconds) }],
    },
  ],
  replayed: undefined,
  sees: ['structure'],
};
