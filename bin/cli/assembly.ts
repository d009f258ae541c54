import { GATE_RESOURCE_TYPE } from '../../lib/core/gate';
import {
  type AssembledResource, type AssembledStack, assembledStacks, type AssembledTemplate,
} from '../../rehearsal/assembly/assembled-stacks';

/** The stacks with model endpoints in a cloud assembly. What cannot be read is not there. */
export function stacksWithEndpoints(folder: string): AssembledStack[] {
  return assembledStacks(folder, () => {})
    .filter(({ templates }) => templates.flatMap(resourcesOf).some(({ Type: type }) => type === GATE_RESOURCE_TYPE));
}

export function resourcesOf({ Resources: resources = {} }: AssembledTemplate): AssembledResource[] {
  return Object.values(resources);
}
