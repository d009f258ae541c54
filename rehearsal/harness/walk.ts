import type { Data, Machine, StateDefinition } from '../assembly/machine';

export interface Walk {
  /** States in the order in which they were entered. */
  readonly path: string[];
  readonly status: 'SUCCEEDED' | 'FAILED' | 'STOPPED';
  /** Events that Step Functions would have in the execution's history. */
  readonly events: number;
}

export interface WalkOptions {
  /** What a task's function does with its payload. */
  readonly invoke: (payload: Data) => Promise<Data>;
  readonly wait: (seconds: number) => Promise<void>;
  /** The walk ends here, as a machine that is stopped or lost does. */
  readonly stop?: (state: string, data: Data) => boolean;
}

export async function walk(machine: Machine, input: Data, options: WalkOptions): Promise<Walk> {
  const path: string[] = [];
  let data = input;
  let name = machine.StartAt;
  let events = 2;
  for (;;) {
    const state = machine.States[name];
    if (options.stop?.(name, data) === true) {
      return { path, status: 'STOPPED', events };
    }
    path.push(name);
    switch (state.Type) {
      case 'Succeed':
        return { path, status: 'SUCCEEDED', events };
      case 'Fail':
        return { path, status: 'FAILED', events };
      case 'Wait':
        await options.wait(state.Seconds ?? Number(at(data, state.SecondsPath!)));
        events += 2;
        name = state.Next!;
        break;
      case 'Choice':
        name = state.Choices!.find(({ Variable: variable, StringEquals: value }) => at(data, variable) === value)?.Next ?? state.Default!;
        events += 2;
        break;
      case 'Task': {
        const done = await task(state, data, options);
        data = done.data;
        events += done.events;
        name = done.next;
        break;
      }
      default:
        throw new Error(`the walk knows no state of type ${state.Type}`);
    }
    if (path.length > 1e6) {
      throw new Error('the machine does not end');
    }
  }
}

async function task(
  state: StateDefinition,
  data: Data,
  { invoke, wait }: WalkOptions,
): Promise<{ data: Data; next: string; events: number }> {
  const parameters = fill(state.Parameters ?? {}, data);
  // Both forms in which CDK writes a Lambda task.
  const payload = (parameters.Payload ?? parameters) as Data;
  const retry = state.Retry?.find(({ ErrorEquals: errors }) => errors.includes('States.ALL'));
  let events = 2;
  for (let attempt = 0; ; attempt++) {
    events += 3;
    try {
      const result = await invoke(payload);
      return { data: result, next: state.Next!, events };
    } catch (error) {
      if (retry !== undefined && attempt < (retry.MaxAttempts ?? 3)) {
        await wait(Math.min(retry.MaxDelaySeconds ?? Infinity, (retry.IntervalSeconds ?? 1) * (retry.BackoffRate ?? 2) ** attempt));
        continue;
      }
      const caught = state.Catch?.find(({ ErrorEquals: errors }) => errors.includes('States.ALL'));
      if (caught === undefined) {
        throw error;
      }
      const report = { Error: (error as Error).name, Cause: JSON.stringify({ errorMessage: (error as Error).message }) };
      return { data: { ...data, [caught.ResultPath?.replace('$.', '') ?? 'error']: report }, next: caught.Next, events };
    }
  }
}

function fill(template: { readonly [name: string]: unknown }, data: Data): Data {
  return Object.fromEntries(
    Object.entries(template).map(([name, value]) => {
      if (name.endsWith('.$')) {
        return [name.slice(0, -2), at(data, value as string)];
      }
      return [name, value !== null && typeof value === 'object' && !Array.isArray(value) ? fill(value as Data, data) : value];
    }),
  );
}

function at(data: Data, path: string): unknown {
  return path.replace(/^\$\.?/, '').split('.').filter(Boolean).reduce<unknown>((value, member) => (value as Data)?.[member], data);
}
