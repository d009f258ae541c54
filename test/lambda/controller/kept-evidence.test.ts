import { verifyBundle, type Check, type EvidenceBundle } from '../../../lib/core/audit/verify';
import type { EvidenceRecord } from '../../../lib/core/audit/record';
import { EvidenceBucket, judgedRollout as rollout, type KeptRollout as Kept, signingKey, STORE } from '../../fixtures/evidence-store';
import { plan } from '../../fixtures/plan';
import { run } from '../../fixtures/run';
import { World } from '../../fixtures/world';

/** What a rollout leaves behind for whoever asks why: the real tasks, reading and judging over simulated requests, in virtual time. */

const fails = (checks: readonly Check[]): string[] => checks.filter(({ holds }) => !holds).map(({ what }) => what);
const told = (checks: readonly Check[]): string[] =>
  checks.map(({ what, holds, sentence }) => `${holds ? 'yes' : 'no'}: ${what}: ${sentence}`);

let promoted: Kept;
let rolledBack: Kept;

beforeAll(async () => {
  promoted = await rollout(0.01);
  rolledBack = await rollout(0.03);
});

test('a promotion can be judged again from its bundle alone, and gives the same verdicts', () => {
  const { bundle, bucket, state } = promoted;
  const { end, records, checks } = verifyBundle(JSON.parse(JSON.stringify(bundle)) as EvidenceBundle, bucket.key.publicKey);
  expect(told(checks)).toEqual([
    `yes: signature: signed with ${STORE.keyArn}`,
    `yes: chain: each of ${records.length} records has the hash that the next one names`,
    'yes: complete: every decision has its record',
    `yes: judged again: each of ${records.length} decisions follows from its record`,
    'yes: outcome: promoted, as was decided',
  ]);
  expect(end).toMatchObject({ alias: 'fraud/live', candidate: 'v2', outcome: { result: 'promoted' }, decisions: records.length });
  expect(records.length).toBe(state.decisions);
  expect(state.evidence).toMatchObject({ seal: expect.stringMatching(/^s3:\/\/evidence\/rollouts\/fraud\/live\/.+\/seal\.json$/) });
  expect(bucket.warnings).toEqual([]);
});

test('so can a rollback', () => {
  const { bundle, bucket } = rolledBack;
  const { end, checks } = verifyBundle(bundle, bucket.key.publicKey);
  expect(fails(checks)).toEqual([]);
  expect(end!.outcome).toMatchObject({ result: 'rolled back', rejects: true });
});

test('counts of a period are kept once, and again only where they have changed', () => {
  const records = promoted.bundle.records.map((text) => JSON.parse(text) as EvidenceRecord)
    .filter(({ readings }) => readings !== undefined);
  const points = records.map(({ readings }) => Object.values(readings!.of.comparison!.series).flat().length);
  const sources = Object.keys(records.at(-1)!.readings!.of.comparison!.series).length;
  expect(records.slice(1).every(({ readings, previous }) => readings!.since === previous!.sha256)).toBe(true);
  expect(points.slice(1).every((count) => count <= 2 * sources)).toBe(true);
  expect(records.filter(({ plan: full }) => full !== undefined).length).toBeLessThanOrEqual(1);
});

test('a changed byte anywhere is seen', () => {
  const { bundle, bucket } = rolledBack;
  const whole = JSON.stringify(bundle);
  const unseen: number[] = [];
  // Every byte of the seal, and one in some hundreds of the records.
  const last = whole.indexOf('"records"');
  const step = Math.ceil((whole.length - last) / 150);
  const places = [...Array(last).keys()].filter((place) => place < 40 || place % 23 === 0)
    .concat(Array.from({ length: 149 }, (_, place) => last + place * step));
  for (const place of places) {
    const changed = `${whole.slice(0, place)}${whole[place] === '7' ? '8' : '7'}${whole.slice(place + 1)}`;
    try {
      if (fails(verifyBundle(JSON.parse(changed) as EvidenceBundle, bucket.key.publicKey).checks).length === 0) {
        unseen.push(place);
      }
    } catch {
      // What cannot be read is seen.
    }
  }
  expect(unseen.map((place) => whole.slice(place - 20, place + 20))).toEqual([]);
});

test('a record that is left out, two that are exchanged and one of another rollout are seen', () => {
  const { bundle, bucket } = rolledBack;
  const { records } = bundle;
  const chainOf = (changed: readonly string[]): Check =>
    verifyBundle({ ...bundle, records: changed }, bucket.key.publicKey).checks.find(({ what }) => what === 'chain')!;
  const broken = (sentence: string): unknown => ({ what: 'chain', holds: false, sentence: expect.stringContaining(sentence) });
  expect(chainOf(records.toSpliced(2, 1))).toEqual(broken('1 decisions are missing before record 4'));
  expect(chainOf(records.slice(0, -1))).toEqual(broken('is not the one that the seal names'));
  expect(chainOf(records.slice(1))).toEqual(broken('the record before record 2 is missing'));
  expect(chainOf([records[1], records[0], ...records.slice(2)])).toEqual(broken('is not the one that record'));
  expect(chainOf([...records.slice(0, -1), promoted.bundle.records.at(-1)!])).toEqual(broken('is not the one that the seal names'));
});

test('a bundle that somebody made up is not signed by the key', () => {
  const { bundle } = rolledBack;
  expect(fails(verifyBundle(bundle, signingKey().publicKey).checks)).toEqual(['signature']);
  expect(fails(verifyBundle(bundle, undefined).checks)).toEqual(['signature']);
});

test('a decision that does not follow from what was known is seen, though all hashes are right', () => {
  const { bundle, bucket } = rolledBack;
  const last = JSON.parse(bundle.records.at(-1)!) as { decision: { verdict: string; evidence: { judgement: { verdict: string } } } };
  const forged = structuredClone(last);
  forged.decision.verdict = 'promote';
  forged.decision.evidence.judgement.verdict = 'advance-permitted';
  const { checks } = verifyBundle({ ...bundle, records: [...bundle.records.slice(0, -1), JSON.stringify(forged)] }, bucket.key.publicKey);
  expect(checks.find(({ what }) => what === 'judged again')!.sentence)
    .toMatch(/decision \d+: the judgement of the comparison is "errors: .*; decision \d+: it is "rolled back: .*" and was "rolled back: /);
});

test('a bucket that refuses changes no verdict, and what is lost is told in the next record and in the seal', async () => {
  const { bucket, bundle, state, world } = await rollout(0.03, (_, store) => {
    store.refuses = (key) => /\/000000[345]-/.test(key);
  });
  const sentences = (of: World): string[] => of.decisions().map(({ decision }) => decision.sentence);
  expect(sentences(world)).toEqual(sentences(rolledBack.world));
  expect(state.outcome).toEqual(rolledBack.state.outcome);
  const { checks } = verifyBundle(bundle, bucket.key.publicKey);
  expect(told(checks.filter(({ holds }) => !holds))).toEqual(['no: complete: without a record: 3 before record 6 (AccessDenied: no)']);
  expect(bucket.warnings).toEqual(Array(3).fill('a decision could not be kept as evidence'));
});

test('a seal that cannot be written changes nothing either, and the state says so', async () => {
  const { state, bundle, world } = await rollout(0.03, (_, store) => {
    store.refuses = (key) => key.endsWith('seal.json');
  });
  expect(state.outcome).toEqual({ ...rolledBack.state.outcome, reported: true });
  expect(world.answers.at(-1)!.outcome.result).toBe('rolled back');
  expect(state.evidence).toMatchObject({ problem: 'AccessDenied: no' });
  // The chain is whole up to the record that the state names.
  expect(fails(verifyBundle(bundle, undefined).checks)).toEqual(['signature']);
});

test('a controller that is started anew for every decision keeps everything, only with more bytes', async () => {
  const { bucket, bundle } = await rollout(0.03, (world, store) => {
    const keep = world.keeping.keepEvidence!;
    world.keeping = {
      ...world.keeping,
      keepEvidence: (state, made) => {
        store.keeper = store.newKeeper();
        return keep(state, made);
      },
    };
  });
  expect(fails(verifyBundle(bundle, bucket.key.publicKey).checks)).toEqual([]);
  expect(bundle.records.map((text) => (JSON.parse(text) as EvidenceRecord).readings?.since)).toEqual(bundle.records.map(() => undefined));
});

test('a report that comes twice seals once', async () => {
  const world = new World();
  const bucket = new EvidenceBucket(world);
  await run(world, plan({ evidence: STORE }));
  const sealed = [...bucket.objects].filter(([key]) => key.endsWith('seal.json'));
  expect(sealed).toHaveLength(1);
  await world.task('report');
  const state = (await world.state())!;
  await bucket.newKeeper().seal(state, { ...state.outcome!, reported: false });
  expect([...bucket.objects].filter(([key]) => key.endsWith('seal.json'))).toEqual(sealed);
});

test('of two controllers at once both write, and the chain is that of the one whose decision stands', async () => {
  const world = new World();
  const bucket = new EvidenceBucket(world);
  await world.deploy('v1', { type: 'Create', plan: plan({ evidence: STORE }) });
  await world.deploy('v2', { plan: plan({ evidence: STORE }), request: 'change' });
  await Promise.all([world.task('prepare'), world.task('prepare')]);
  await world.task('shift');
  await Promise.all([world.task('judge'), world.task('judge'), world.task('judge')]);
  const state = (await world.state())!;
  const { checks, records } = verifyBundle(bucket.bundle(state), undefined);
  expect(records).toHaveLength(state.decisions);
  expect(fails(checks)).toEqual(['signature']);
});

test('who approved and who stopped stands in the seal', async () => {
  const world = new World();
  const bucket = new EvidenceBucket(world);
  const stages = [{ percent: 5, bakeSeconds: 60, approval: true }, { percent: 50, bakeSeconds: 600, approval: false }];
  const approval = plan({ evidence: STORE, stages });
  let waits = 0;
  await run(world, approval, {
    onWait: async () => {
      waits++;
      if (waits === 2) {
        await world.order('approve', { by: 'ada' });
      } else if (waits === 4) {
        await world.order('abort', { by: 'bob', reason: 'complaints' });
      }
    },
  });
  const state = (await world.state())!;
  const { end, checks } = verifyBundle(bucket.bundle(state), bucket.key.publicKey);
  expect(fails(checks)).toEqual([]);
  expect(end!.orders.approved).toMatchObject({ by: 'ada', stage: 0 });
  expect(end!.outcome.reasons).toEqual([{ kind: 'aborted', by: 'bob', because: 'complaints' }]);
});
