import type { Backends } from '../shared/backends/backends';
import type { ProbeEvent, ProbeResult } from '../shared/router-protocol';

/** Whether the router can call the targets, with its own role: a new policy takes seconds to reach where it is asked for. */
export async function probe({ targets }: ProbeEvent, backends: Backends): Promise<ProbeResult> {
  const problems = await Promise.all(targets.map((target) => backends[target.kind].probe(target)));
  return { problems: problems.filter((problem) => problem !== undefined) };
}
