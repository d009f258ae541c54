import type { KeySource } from '../core/counters/plan';
import type { BySegmentsPlan } from '../core/guardrails/common';
import type { AssignmentKey } from '../core/routing/route';
import type { BoundGuardrail, GuardrailContext } from './guardrail-kind';
import type { Segment } from './segment';

/** What is wrong with segments by themselves. */
export function segmentProblems(name: string, segment: Segment | undefined): string[] {
  return (segment?._problems() ?? []).map((problem) => `the segment of guardrail ${JSON.stringify(name)} ${problem}`);
}

/** Segments as the plan has them, counted by the router from now on. */
export function bySegments(
  name: string, segment: Segment | undefined, { assignment, alias, countSegments }: GuardrailContext, slow: boolean,
): { readonly by?: BySegmentsPlan; readonly problems?: BoundGuardrail['problems'] } {
  if (segment === undefined) {
    return {};
  }
  return decides(segment._source(), assignment)
    ? {
        problems: [
          `guardrail ${JSON.stringify(name)} compares by ${segment._label()}, which also decides the version on alias `
            + `${JSON.stringify(alias)}: every value is with one version, and there is ` +
            'nothing to compare it with; take another part of the request, or another assignment',
        ],
      }
    : { by: { by: countSegments(segment, slow) } };
}

/** Whether equal values always meet the same version. */
function decides(by: KeySource, assignment: AssignmentKey): boolean {
  switch (assignment.source) {
    case 'header':
      return by.source === 'header' && by.name === assignment.name;
    case 'json-path':
      return by.source === 'json-path' && by.path === assignment.path;
    case 'inference-id':
    case 'session':
      return false;
  }
}
