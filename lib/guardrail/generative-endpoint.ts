import type { GuardrailContext } from './guardrail-kind';

/** What is wrong where an endpoint's routers do not read what models generate. */
export function withoutTokens(name: string, { generative }: Pick<GuardrailContext, 'generative'>): string[] {
  return generative
    ? []
    : [
        `guardrail ${JSON.stringify(name)} compares what language models say of their answers, which the endpoint does not read; set `
          + 'generative: true of the ModelEndpoint, or leave the guardrail out',
      ];
}
