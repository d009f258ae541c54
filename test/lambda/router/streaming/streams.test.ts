import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import fc from 'fast-check';
import { Dimension, Metric } from '../../../../lib/core/names';
import type { Target } from '../../../../lib/core/backends/backends';
import type { Route } from '../../../../lib/core/routing/route';
import { apiEvent, route, variant } from '../../../fixtures/serving';
import { EVENT_STREAM, invokeComplete, payloadChunk, payloadPart, type Streamed, StreamingRouter, type StreamingRouterOptions } from '../../../fixtures/streaming-router';

type Model = (response: ServerResponse) => void;

/** A way in which a model sends its answer: how its service says what type it is, and how parts and end travel. */
interface Way {
  readonly target: (name: string) => Target;
  readonly start: (response: ServerResponse, type: string) => void;
  readonly head: (type: string) => Buffer[];
  readonly part: (body: string | Uint8Array) => Buffer;
  readonly end: () => Buffer[];
  /** The only type that it can have. */
  readonly only?: string;
}

const lambdaWay = (contract: 'json' | 'http'): Way => ({
  target: (name) => ({ kind: 'lambda', functionArn: `arn:aws:lambda:us-east-1:1:function:${name}`, contract, maxRequestBytes: 6_291_456 }),
  start: (response) => response.writeHead(200, EVENT_STREAM),
  head: (type) => (contract === 'json' ? [] : [payloadChunk(Buffer.concat([Buffer.from(JSON.stringify({ statusCode: 200, headers: { 'Content-Type': type } })), Buffer.alloc(8)]))]),
  part: payloadChunk,
  end: () => [invokeComplete()],
  ...(contract === 'json' && { only: 'application/json' }),
});

const WAYS: { readonly [name: string]: Way } = {
  'a SageMaker endpoint': {
    target: (name) => ({ kind: 'sagemaker', endpointName: name, maxRequestBytes: 6_291_456 }),
    start: (response, type) => response.writeHead(200, { ...EVENT_STREAM, 'x-amzn-sagemaker-content-type': type }),
    head: () => [],
    part: payloadPart,
    end: () => [],
  },
  'a function of HTTP': lambdaWay('http'),
  'a function of JSON': lambdaWay('json'),
};
const SAGEMAKER = WAYS['a SageMaker endpoint'];
const ways = Object.keys(WAYS).map((name) => [name]);

const EVENTS = 'text/event-stream';
const token = (index: number): string => `data: {"token":${index}}\n\n`;
const WHOLE = 'data: production\n\n';

/** Production answers at once; what the candidate does is up to each test. */
class World {
  static async open(
    way: Way,
    options: Partial<StreamingRouterOptions> & { readonly candidateBudgetMs?: number; readonly declared?: Partial<Route> } = {},
  ): Promise<World> {
    const world = new World(way);
    world.router = await StreamingRouter.open({
      route: route(
        [
          variant('production', { weight: 0, target: SAGEMAKER.target('production') }),
          variant('candidate', { role: 'candidate', timeBudgetMs: options.candidateBudgetMs ?? 3_000, target: way.target('candidate') }),
        ],
        options.declared,
      ),
      model: (response, { name }) => (name === 'candidate' ? world.candidate : world.production)(response),
      ...options,
    });
    return world;
  }

  public router!: StreamingRouter;
  public candidate: Model = () => undefined;
  public production: Model = (response) => {
    SAGEMAKER.start(response, EVENTS);
    response.end(payloadPart(WHOLE));
  };

  private constructor(private readonly way: Way) {}

  /** The counts of a variant, of the requests since the last time. */
  async counts(name = 'candidate'): Promise<{ readonly [metric: string]: number }[]> {
    await this.router.settled();
    return this.router.takeLog().filter((line) => '_aws' in line && line[Dimension.VARIANT] === name) as never;
  }

  /** The candidate sends these bytes of its service's stream, and then does something. */
  sends(type: string, bytes: Buffer, then: (response: ServerResponse) => void): void {
    this.candidate = (response) => {
      this.way.start(response, type);
      response.write(bytes, () => then(response));
      response.flushHeaders();
    };
  }
}

const variantOf = (answer: Streamed): string => answer.headers['x-amzn-invoked-production-variant'];

describe.each(ways)('%s', (name) => {
  const way = WAYS[name];
  const type = way.only ?? EVENTS;
  let world: World;
  beforeAll(async () => { world = await World.open(way); });
  afterAll(() => world.router.close());

  test('has each part with the caller before it sends the next', async () => {
    const sent = Array.from({ length: 20 }, (_, index) => token(index));
    let next = (): void => {};
    world.candidate = (response) => {
      way.start(response, type);
      response.write(Buffer.concat(way.head(type)));
      const [...left] = sent;
      next = () => {
        const part = left.shift();
        if (part === undefined) {
          response.end(Buffer.concat(way.end()));
        } else {
          response.write(way.part(part));
        }
      };
      next();
    };
    let seen = '';
    let got = 0;
    const answer = await world.router.call(apiEvent(), (bytes) => {
      seen += bytes.toString('latin1');
      while (got < sent.length && seen.includes(sent[got])) {
        got++;
        next();
      }
      return true;
    });
    expect(answer).toMatchObject({ status: 200, complete: true, headers: { 'content-type': type } });
    expect([variantOf(answer), answer.body.toString()]).toEqual(['candidate', sent.join('')]);
    const [counts] = await world.counts();
    expect(counts).toMatchObject({
      [Metric.INVOCATIONS]: 1,
      [Metric.FAILURES]: 0,
      [Metric.MID_STREAM_ERRORS]: 0,
      [Metric.STREAM_DURATION]: expect.any(Number),
    });
  });

  const faults: { readonly [name: string]: (response: ServerResponse) => void } = {
    breaks: (response) => response.destroy(),
    ends: (response) => response.end(),
    'sends garbage': (response) => response.end(Buffer.alloc(64, 0xff)),
  };

  /** What the caller has of an answer of these parts that was cut after so many bytes of the service's stream. */
  const cutAnswer = async (parts: readonly string[], share: number, fault: string): Promise<'replaced' | 'broken' | 'whole'> => {
    const head = way.head(type);
    const frames = [...head, ...parts.map((part) => way.part(part)), ...way.end()];
    const stream = Buffer.concat(frames);
    const cut = Math.round(share * stream.byteLength);
    const ends = frames.map((_, index) => Buffer.concat(frames.slice(0, index + 1)).byteLength);
    world.sends(type, stream.subarray(0, cut), faults[fault]);
    const answer = await world.router.call(apiEvent());
    const text = answer.body.toString();
    const [counts] = await world.counts();
    if (variantOf(answer) === 'production') {
      expect([answer.status, answer.headers['content-type'], text, answer.complete]).toEqual([200, EVENTS, WHOLE, true]);
      expect(counts).toMatchObject({ [Metric.INVOCATIONS]: 1, [Metric.FAILURES]: 1, [Metric.FALLBACKS]: 1 });
      expect(counts).not.toHaveProperty(Metric.MID_STREAM_ERRORS);
      return 'replaced';
    }
    // Not before the first part was there.
    expect(cut).toBeGreaterThanOrEqual(ends[head.length]);
    const units = parts.join('');
    if (counts[Metric.FAILURES] === 0) {
      // SageMaker's streams have no end of their own: one that ends between two parts is complete.
      expect(fault).toBe('ends');
      expect(way === SAGEMAKER ? ends : [stream.byteLength]).toContain(cut);
      expect([units.startsWith(text), way === SAGEMAKER || text === units, answer.complete]).toEqual([true, true, true]);
      return 'whole';
    }
    expect(counts).toMatchObject({ [Metric.INVOCATIONS]: 1, [Metric.FAILURES]: 1, [Metric.MID_STREAM_ERRORS]: 1, [Metric.FALLBACKS]: 0 });
    const [said, error] = type === EVENTS ? text.split('event: error\n') : [text, undefined];
    expect([answer.complete, units.startsWith(said), parts.some((_, index) => parts.slice(0, index + 1).join('') === said)]).toEqual([type === EVENTS, true, true]);
    if (type === EVENTS) {
      expect(error).toMatch(/^data: \{"error":\{"code":"[A-Z_]+","message":"[^\n]+","inferenceId":"[^"]+"\}\}\n\n$/);
    }
    return 'broken';
  };

  test('that breaks at any byte is replaced before its first part, and ends clean after it', async () => {
    const parts = [token(0), token(1)];
    const bytes = Buffer.concat([...way.head(type), ...parts.map((part) => way.part(part)), ...way.end()]).byteLength;
    const outcomes = new Set<string>();
    for (let cut = 0; cut <= bytes; cut++) {
      outcomes.add(await cutAnswer(parts, cut / bytes, 'breaks'));
    }
    expect([...outcomes].sort()).toEqual(['broken', 'replaced']);
  });

  test('that fails in any way is replaced before its first part, and ends clean after it', async () => {
    const outcomes = new Set<string>();
    await fc.assert(fc.asyncProperty(
      fc.constantFrom(...Object.keys(faults)), fc.array(fc.string({ unit: 'grapheme', maxLength: 20 }), { minLength: 1, maxLength: 6 }), fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constant(1)),
      async (fault, texts, share) => {
        outcomes.add(await cutAnswer(texts.map((text) => `data: ${JSON.stringify(text)}\n\n`), share, fault));
      },
    ), { numRuns: 60, seed: 16, endOnFailure: true });
    expect([...outcomes].sort()).toEqual(['broken', 'replaced', 'whole']);
  });

  test('that does not begin in time is replaced, and its work is stopped', async () => {
    const slow = await World.open(way, { candidateBudgetMs: 200 });
    try {
      let stopped: Promise<unknown> = Promise.resolve();
      slow.candidate = (response) => {
        way.start(response, type);
        response.write(Buffer.concat(way.head(type)));
        response.flushHeaders();
        stopped = new Promise((resolve) => response.once('close', resolve));
      };
      const answer = await slow.router.call(apiEvent());
      expect([variantOf(answer), answer.body.toString()]).toEqual(['production', WHOLE]);
      await stopped;
      expect((await slow.counts())[0]).toMatchObject({ [Metric.TIMEOUTS]: 1, [Metric.FAILURES]: 1 });
    } finally {
      await slow.router.close();
    }
  });

  test('that falls silent after its first part ends clean, counts as a time-out, and is stopped', async () => {
    const idle = await World.open(way, { env: { MODEL_ROLLOUT_IDLE_TIMEOUT_MS: '200' } });
    try {
      let stopped: Promise<unknown> = Promise.resolve();
      idle.candidate = (response) => {
        way.start(response, type);
        response.write(Buffer.concat([...way.head(type), way.part(token(0)), way.part(token(1).slice(0, 5))]));
        stopped = new Promise((resolve) => response.once('close', resolve));
      };
      const answer = await idle.router.call(apiEvent());
      expect(answer.complete).toBe(type === EVENTS);
      expect(answer.body.toString()).toMatch(type === EVENTS ? /^data: \{"token":0\}\n\nevent: error\ndata: \{"error":\{"code":"TIMEOUT"/ : /^data: \{"token":0\}\n\ndata:$/);
      await stopped;
      expect((await idle.counts())[0]).toMatchObject({ [Metric.TIMEOUTS]: 1, [Metric.FAILURES]: 1, [Metric.MID_STREAM_ERRORS]: 1 });
    } finally {
      await idle.router.close();
    }
  });

  test('whose caller leaves is stopped, and it counts for nobody', async () => {
    let stopped: Promise<unknown> = Promise.resolve();
    world.candidate = (response) => {
      way.start(response, type);
      response.write(Buffer.concat([...way.head(type), way.part(token(0))]));
      stopped = new Promise((close) => response.once('close', close));
    };
    const answer = await world.router.call(apiEvent(), (bytes) => !bytes.includes('token'));
    expect([variantOf(answer), answer.complete]).toEqual(['candidate', false]);
    await stopped;
    expect([await world.counts(), await world.counts('production')]).toEqual([[], []]);
  });

  test('of any length goes through in little memory, and no faster than its caller reads', async () => {
    const part = way.part('x'.repeat(65_536));
    let sent = 0;
    let got = 0;
    let ahead = 0;
    const goThrough = async (parts: number): Promise<void> => {
      [sent, got] = [0, 0];
      world.candidate = (response) => {
        way.start(response, way.only ?? 'application/octet-stream');
        response.write(Buffer.concat(way.head('application/octet-stream')));
        const more = (): void => {
          while (sent < parts) {
            sent++;
            ahead = Math.max(ahead, sent * 65_536 - got);
            if (!response.write(part)) {
              response.once('drain', more);
              return;
            }
          }
          response.end(Buffer.concat(way.end()));
        };
        more();
      };
      const answer = await world.router.call(apiEvent(), async (chunk) => {
        got += chunk.byteLength;
        if (got % 40 === 0) {
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
        return true;
      });
      expect([answer.body.byteLength, answer.complete]).toEqual([parts * 65_536, true]);
    };
    // What the first takes, the engine keeps for all; what would be kept of an answer is more for one that is twice as long.
    await goThrough(2_000);
    const before = memoryOf(world.router.pid);
    await goThrough(4_000);
    expect(memoryOf(world.router.pid) - before).toBeLessThan(96_000_000);
    // What sockets hold, and no more.
    expect(ahead).toBeLessThan(32_000_000);
    expect((await world.counts())[0]).toMatchObject({ [Metric.INVOCATIONS]: 1, [Metric.FAILURES]: 0 });
  });
});

/** The most memory that a process has had, bytes. */
const memoryOf = (pid: number): number => 1_024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]);
