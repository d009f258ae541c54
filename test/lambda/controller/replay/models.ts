import { compare } from '../../../../lib/core/comparison/compare';
import type { ComparisonPlan } from '../../../../lib/core/comparison/plan';
import type { ListedObject, Objects } from '../../../../lambda/controller/replay/objects';
import { RecordedRequests } from '../../../../lambda/controller/replay/recorded-requests';
import type { ReplayPorts } from '../../../../lambda/controller/replay/replay';
import type { AskEvent, AskResult } from '../../../../lambda/shared/router-protocol';
import { ErrorCode } from '../../../../lambda/shared/http/errors';
import { FailureClass } from '../../../../lambda/shared/http/outcome';

/** Objects of a bucket, by key. */
export class MemoryObjects implements Objects {
  readonly contents = new Map<string, { bytes: Uint8Array; at: number }>();
  /** What S3 fails at. */
  fault: () => void = () => {};
  reads = 0;
  /** Has an instance of the function forget what it has read. */
  forget: () => void = () => {};

  put(key: string, content: string | Uint8Array, at = 0): void {
    this.contents.set(key, { bytes: typeof content === 'string' ? Buffer.from(content) : content, at });
  }

  async read(_bucket: string, key: string): Promise<Uint8Array> {
    this.reads++;
    this.fault();
    const found = this.contents.get(key);
    if (found === undefined) {
      throw Object.assign(new Error('The specified key does not exist.'), { name: 'NoSuchKey' });
    }
    return found.bytes;
  }

  async list(_bucket: string, prefix: string): Promise<readonly ListedObject[]> {
    return [...this.contents]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, { bytes, at }]) => ({ key, bytes: bytes.byteLength, at }));
  }
}

/** What a version makes of a request: its answer, or how it fails. */
export type Answers = (body: unknown, event: AskEvent) => unknown | FailureClass;

export interface Asked { readonly version: string; readonly body: unknown; readonly at: number; readonly id: string }

/** Versions behind a router, in virtual time. */
export class Models {
  readonly asked: Asked[] = [];
  milliseconds: (version: string) => number = () => 50;
  /** What the router itself fails at. */
  fault: () => void = () => {};
  private underWay = 0;
  most = 0;

  constructor(
    private readonly clock: { now: number },
    readonly answers: { [version: string]: Answers },
    private readonly versionOf: (event: AskEvent) => string,
  ) {}

  ask = async (_router: string, event: AskEvent): Promise<AskResult> => {
    expect(event.isBase64Encoded).toBe(true);
    this.most = Math.max(this.most, ++this.underWay);
    try {
      await Promise.resolve();
      this.fault();
      const version = this.versionOf(event);
      const body: unknown = JSON.parse(Buffer.from(event.body, 'base64').toString('utf8'));
      this.asked.push({ version, body, at: this.clock.now, id: event.inferenceId });
      const answer = this.answers[version](body, event);
      const milliseconds = this.milliseconds(version);
      this.clock.now += milliseconds;
      const outcome: AskResult['outcome'] = Object.values(FailureClass).includes(answer as FailureClass)
        ? { kind: 'failure', class: answer as FailureClass, code: ErrorCode.MODEL_ERROR, message: 'it fails' }
        : { kind: 'answer', status: 200, body: Buffer.from(JSON.stringify(answer)).toString('base64') };
      return { outcome, failed: outcome.kind === 'failure' ? 1 : 0, milliseconds };
    } finally {
      this.underWay--;
    }
  };

  /** Those that count, by version. */
  counted(version: string): Asked[] {
    return this.asked.filter((each) => each.version === version && !/-[wn]\d+-/.test(each.id));
  }
}

export function portsOf(
  clock: { now: number },
  models: Models,
  objects: MemoryObjects,
  refused: () => number | Promise<number> = () => 0,
): ReplayPorts {
  let recorded = new RecordedRequests(objects);
  objects.forget = () => {
    recorded = new RecordedRequests(objects);
  };
  return {
    requests: (state, until) => recorded.of(state, until),
    router: { ask: models.ask },
    compare: (plan, a, b) => compare(plan as ComparisonPlan, a, b),
    refused: async () => refused(),
    now: () => clock.now,
    clock: () => clock.now,
    sleep: async (ms) => {
      clock.now += ms;
    },
  };
}

/** A file of so many requests. */
export function golden(count: number, line: (index: number) => object = (index) => ({ request: { row: index } })): string {
  return Array.from({ length: count }, (_, index) => JSON.stringify(line(index))).join('\n');
}
