import { Token } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { MEASURE_LIMITS, type JsonSchema } from '../core/routing/measures';
import { boundsPlan, boundsProblems } from './evidence-bounds';
import { EvidenceGuardrail } from './evidence-guardrail';
import type { EvidenceOptions } from './evidence-options';
import { withoutTokens } from './generative-endpoint';
import type { BoundGuardrail, GuardrailContext } from './guardrail-kind';
import { schemaFaults } from './schema-faults';

/** @see Guardrail.schema */
export class SchemaEvidence extends EvidenceGuardrail<EvidenceOptions> {
  constructor(private readonly schema: JsonSchema, options: EvidenceOptions) {
    super(options, 'schema');
  }

  public problems(): string[] {
    const at = `the schema of ${this.what}`;
    const problems = boundsProblems(this.name, this.options);
    if (Token.isUnresolved(this.schema) || typeof this.schema !== 'object' || this.schema === null || Array.isArray(this.schema)) {
      return [...problems, `${at} is not an object known at synthesis; give a JSON schema`];
    }
    const text = JSON.stringify(this.schema);
    if (Token.isUnresolved(text)) {
      return [...problems, `${at} has parts that are known only at deployment; give all of it`];
    }
    if (text.length > MEASURE_LIMITS.schemaCharacters) {
      return [
        ...problems,
        `${at} has ${text.length} characters, but routes have room for ${MEASURE_LIMITS.schemaCharacters}; leave descriptions and `
          + 'examples out',
      ];
    }
    return [...problems, ...schemaFaults(JSON.parse(text)).map((fault) => `${at}: ${fault}`)];
  }

  public bind(_scope: Construct, context: GuardrailContext): BoundGuardrail {
    return {
      plan: {
        ...this.common,
        kind: 'schema',
        schema: JSON.parse(JSON.stringify(this.schema)) as JsonSchema,
        ...boundsPlan(this.options),
      },
      problems: withoutTokens(this.name, context),
    };
  }
}
