import { readBaseline } from '../../../lambda/controller/baseline';
import type { CellCountsReader } from '../../../lambda/controller/cell-counts';
import { type CellCounts, versionTag } from '../../../lib/core/counters/cells';
import type { CounterPlan } from '../../../lib/core/counters/plan';
import { keptMeasures } from '../../../lib/core/rollout/callers';
import { gateAction, type GateSituation } from '../../../lib/core/rollout/gate-action';
import { judgePlanOf } from '../../../lib/core/rollout/judge-rollout';
import { periodsOf } from '../../../lib/core/rollout/periods';
import type { EvidenceGuardrailPlan } from '../../../lib/core/guardrails/kinds';
import { routerMetric, sourceKey } from '../../../lib/core/guardrails/sources';
import { routeAt, routeOfProduction, routeOfPromoted } from '../../../lib/core/rollout/route-weights';
import type { RolloutState } from '../../../lib/core/rollout/state';
import { takenOver } from '../../../lib/core/rollout/take-over';
import { Metric } from '../../../lib/core/names';
import { CALLER_CELLS, partsOfCell } from '../../../lib/core/routing/assign-by-cell';
import type { Measures, Timing } from '../../../lib/core/routing/measures';
import type { Route } from '../../../lib/core/routing/route';
import { parseDeclaredRoute } from '../../../lib/core/routing/parse';
import { randomOf } from '../../../rehearsal/engine/random';
import { route, variant } from '../../fixtures/serving';
import { PublishedMetrics } from '../../fixtures/published-metrics';
import { plan } from '../../fixtures/plan';

const NOW = Date.UTC(2026, 10, 24, 12, 0, 30);
const HOUR = 3_600_000;
const errors: EvidenceGuardrailPlan = { kind: 'errors', name: 'errors', action: 'rollback' };
const latency: EvidenceGuardrailPlan = { kind: 'latency', name: 'latency', action: 'rollback', quantiles: [0.5, 0.99] };
const counter: CounterPlan = { name: 'callers-1', table: 'Counters', by: { source: 'assignment' }, cells: CALLER_CELLS, slow: true, keepSeconds: 172_800 };
const sticky = (measures?: Omit<Measures, 'bins'>): Route => route([variant('v2')], {
  assignment: { source: 'header', name: 'x-user' }, counters: [counter], ...(measures && { measures: { ...measures, bins: [] } }),
});

const state = (overrides: Partial<RolloutState> = {}): RolloutState => ({
  schema: 1,
  id: 'fraud-live-0123456789abcdef',
  alias: 'fraud/live',
  plan: plan({
    guardrails: [errors, latency],
    stages: [
      { percent: 5, bakeSeconds: 600, approval: false },
      { percent: 50, bakeSeconds: 600, approval: false },
    ],
  }),
  production: variant('production', { version: 'v1' }),
  candidate: variant('candidate', { version: 'v2', role: 'candidate' }),
  promoted: sticky(),
  routerFunction: 'router',
  startedAt: NOW - 600_000,
  stage: 0,
  stageStartedAt: NOW - 600_000,
  prepared: true,
  decisions: 0,
  shares: [{ stage: 0, from: NOW - 600_000, until: NOW + 180_000 }],
  ...overrides,
});

/** A day in which the callers of some cells fail always, and half of all requests are slow, one in a hundred very. */
function counted(hours: number, broken: (cell: number) => boolean): CellCountsReader {
  const random = randomOf(1);
  const zeros = (): number[] => new Array<number>(CALLER_CELLS).fill(0);
  return {
    read: async (_plan, _key, { start, until }) => Array.from({ length: hours }, (_, hour) => {
      const at = Math.floor(until / HOUR) * HOUR - (hours - hour) * HOUR;
      const counts: CellCounts = { requests: zeros().map(() => random.poisson(1_000)), bad: [] };
      const bad = [0.01, 0.5, 0.01].map((rate, outcome) =>
        counts.requests.map((requests, cell) => (outcome === 0 && broken(cell) ? requests : random.binomial(requests, rate))),
      );
      expect(at).toBeGreaterThanOrEqual(start - HOUR);
      return { at, versions: new Map([[versionTag('v1'), { ...counts, bad }]]), names: new Map() };
    }),
  };
}

const first = Array.from({ length: CALLER_CELLS }, (_, cell) => cell).findIndex((cell) => partsOfCell('fraud/live', 'v2', 0.05, cell).candidate === 1);
const cloudWatch = new PublishedMetrics(() => NOW);

describe('what callers did before', () => {
  test('is what the candidate\'s are expected to do, at each step', async () => {
    const { callers, thresholds, notes, countedSince } = await readBaseline(
      { cloudWatch, cells: counted(24, (cell) => cell === first) }, state({ promoted: sticky({ slowerThanMs: [80, 300], since: 0 }) }), NOW,
    );
    expect(callers!.assumed).toEqual([]);
    expect(notes).toEqual([]);
    // A broken cell of five, then one of fifty.
    const [[five], [fifty]] = callers!.bias.errors;
    expect(five.excess!.lower).toBeGreaterThan(0.12);
    expect(fifty.excess!.upper).toBeLessThan(0.05);
    expect(five.ratio.lower).toBeGreaterThan(10);
    // Latencies by the thresholds that are counted already.
    expect(thresholds).toEqual({ latency: [80, 300] });
    expect(countedSince).toBe(0);
    const [[slow, verySlow]] = callers!.bias.latency;
    for (const { lower, upper } of [slow.ratio, verySlow.ratio]) {
      expect(lower).toBeLessThan(1);
      expect(upper).toBeGreaterThan(1);
      expect(upper).toBeLessThan(1.5);
    }
  });

  test('is assumed to differ where nobody has counted them yet, and evidence holds what it would roll back', async () => {
    const baseline = await readBaseline(
      { cloudWatch, cells: counted(1, () => false) },
      state({ plan: plan({ guardrails: [errors] }) }),
      NOW,
    );
    expect(baseline.callers!.assumed).toEqual(['errors']);
    expect(baseline.notes).toEqual([{ guardrail: 'errors', text: expect.stringMatching(/guardrail errors holds what it would roll back: what these callers did .* is not known yet/) as unknown }]);
    expect(judgePlanOf({ plan: plan({ guardrails: [errors] }), baseline }, 0).guardrails).toMatchObject([{ name: 'errors', action: 'hold', byCallers: true }]);
  });

  test('by thresholds of another time is left: those of latency say nothing of first tokens', async () => {
    const streamed: EvidenceGuardrailPlan = { kind: 'first-token', name: 'first-token', action: 'rollback', quantiles: [0.5, 0.99] };
    const of = (slowerIn?: readonly Timing[]): ReturnType<typeof readBaseline> => readBaseline(
      { cloudWatch, cells: counted(24, (cell) => cell === first) },
      state({
        promoted: sticky({ slowerThanMs: [80, 300], since: 0, ...(slowerIn && { slowerIn }) }),
        plan: plan({ guardrails: [errors, streamed] }),
      }),
      NOW,
    );
    expect((await of(['first-token', 'first-token'])).thresholds).toEqual({ 'first-token': [80, 300] });
    expect((await of()).thresholds).not.toEqual({ 'first-token': [80, 300] });
  });

  test('by thresholds that no longer are near the quantiles is left, and learnt anew', async () => {
    const baseline = await readBaseline(
      { cloudWatch, cells: counted(24, () => false) },
      state({
        promoted: sticky({ slowerThanMs: [300, 80], since: 0 }),
        plan: plan({ guardrails: [{ ...latency, quantiles: [0.99, 0.5] }] }),
      }),
      NOW,
    );
    expect(baseline.thresholds).toEqual({});
    expect(baseline.countedSince).toBe(NOW);
  });

  test('that cannot be read is no history: the rollout does not begin', async () => {
    const cells: CellCountsReader = { read: async () => { throw new Error('Rate exceeded'); } };
    await expect(readBaseline({ cloudWatch, cells }, state(), NOW)).rejects.toThrow('Rate exceeded');
  });

  test('comes with every period that has a share of its own, and with no other', async () => {
    const baseline = await readBaseline(
      { cloudWatch, cells: counted(24, (cell) => cell === first) },
      state({ plan: plan({ guardrails: [errors] }) }),
      NOW,
    );
    const begun = Math.floor((NOW - 600_000) / 60_000) * 60_000;
    const judged = state({ baseline, plan: plan({ guardrails: [errors] }), shares: [{ stage: 0, from: begun, until: NOW }] });
    const series = new Map(['v1', 'v2'].flatMap((version) => [Metric.INVOCATIONS, Metric.FAILURES].map((metric) =>
      [sourceKey(routerMetric('fraud/live', version, metric)), new Map([[begun - 60_000, 10], [begun + 120_000, 10]])] as const)));
    const periods = periodsOf(judged, series, { start: begun - 60_000, until: begun + 300_000, periodSeconds: 60 }).sort(
      (a, b) => a.start - b.start,
    );
    expect(periods.map(({ measurements }) => measurements.errors)).toEqual([undefined, expect.objectContaining({ kind: 'counts', bias: baseline.callers!.bias.errors[0] })]);
  });
});

describe('routers', () => {
  const baseline: NonNullable<RolloutState['baseline']> = {
    thresholds: { latency: [80, 300] }, overdispersion: {}, frequent: [], notes: [], countedSince: 7, callers: { bias: {}, assumed: [] },
  };

  test('are told to assign by cells by a rollout that knows callers, and by it alone', () => {
    expect(routeAt(sticky(), state({ baseline }), 5, NOW).rollout).toMatchObject({ byCells: true });
    expect(routeAt(sticky(), state(), 5, NOW).rollout).not.toHaveProperty('byCells');
    expect(parseDeclaredRoute(JSON.stringify(routeAt(sticky(), state({ baseline }), 5, NOW)))).toMatchObject({
      rollout: { byCells: true },
      measures: { since: 7 },
    });
  });

  test('go on counting by a rollout\'s thresholds when it has ended: as production\'s own from then on, or as they did', () => {
    const during = routeAt(sticky(), state({ baseline }), 5, NOW);
    expect(routeOfProduction(during).measures).toEqual({ slowerThanMs: [80, 300], bins: [], since: 7 });
    expect(routeOfPromoted(state({ baseline }), NOW).measures).toEqual({ slowerThanMs: [80, 300], bins: [], since: NOW });
    expect(routeOfProduction({ ...during, counters: [] })).not.toHaveProperty('measures');
  });

  test('go on through deployments', () => {
    const stored = { ...sticky(), revision: 3, ...keptMeasures(sticky({ slowerThanMs: [80], since: 7 })) };
    const situation = { declared: sticky(), stored, now: NOW, rejections: [] } as unknown as GateSituation;
    expect(gateAction(situation)).toMatchObject({ act: 'write', route: { measures: { slowerThanMs: [80], since: 7 } } });
  });
});

test('a running rollout that knows callers cannot change its steps', () => {
  const running = state({ baseline: { thresholds: {}, overdispersion: {}, frequent: [], notes: [], callers: { bias: {}, assumed: [] } } });
  const changed = { ...running.plan, stages: [running.plan.stages[0], { ...running.plan.stages[1], percent: 40 }] };
  expect(takenOver(running, changed)).toEqual({ problem: 'steps' });
  expect(takenOver({ ...running, baseline: undefined }, changed)).not.toHaveProperty('problem');
});
