import type { MemberReader } from '../backends/backend-facts';
import { BACKENDS, isTargetKind, type Target } from '../backends/backends';
import type {
  AssignmentKey,
  DeclaredRoute,
  Lease,
  Mirror,
  MirrorFilter,
  Route,
  RouteRollout,
  TargetVariantAccess,
  Variant,
} from './route';
import { type CounterPlan, parseCounterPlans } from '../counters/plan';
import type { LogPlan } from '../inference-log/record';
import { parseLogPlan } from '../inference-log/parse-plan';
import type { FeedbackRecordPlan, OutcomeRule } from '../feedback/plan';
import { parseJsonPath } from '../json/json-path';
import type { CohortMember, CohortRule } from './cohort';
import type { DirectAlias } from './direct-alias';
import {
  binCount, type BinsMeasure, type JsonSchema, MEASURE_LIMITS, type Measures, type SumMeasure, type Timing, TIMINGS, type TokenWeights,
} from './measures';

/** A route record that cannot be trusted. Routers keep the last good one, the gate refuses to write it. */
export class InvalidRouteError extends Error {
  override readonly name = 'InvalidRouteError';
}

type Fields = { readonly [key: string]: unknown };

/** Read a stored route. Throws {@link InvalidRouteError} with the place and the reason. */
export function parseRoute(json: string, revision: number): Route {
  if (!Number.isSafeInteger(revision) || revision < 1) {
    throw new InvalidRouteError(`revision is ${revision}, not a positive integer`);
  }
  return { ...parseDeclaredRoute(json), revision };
}

/** Read the route that a template declares. Throws {@link InvalidRouteError} with the place and the reason. */
export function parseDeclaredRoute(json: string): DeclaredRoute {
  let document: unknown;
  try {
    document = JSON.parse(json);
  } catch (error) {
    throw new InvalidRouteError(`the route is not JSON: ${(error as Error).message}`);
  }
  const route = fields(document, 'route');
  if (route.schema !== 1) {
    throw new InvalidRouteError(`schema is ${JSON.stringify(route.schema)}; this version understands 1`);
  }
  if (!Array.isArray(route.variants) || route.variants.length === 0) {
    throw new InvalidRouteError('variants is not a list with at least one variant');
  }
  const variants = route.variants.map((variant, index) => parseVariant(variant, `variants[${index}]`));
  if (variants[0].role !== 'production') {
    throw new InvalidRouteError('the first variant is not production');
  }
  if (new Set(variants.map((variant) => variant.name)).size !== variants.length) {
    throw new InvalidRouteError('two variants have the same name');
  }
  if (!variants.some((variant) => variant.weight > 0)) {
    throw new InvalidRouteError('no variant has weight');
  }
  return {
    schema: 1,
    variants,
    ...(route.lease === undefined ? {} : { lease: parseLease(route.lease) }),
    assignment: parseAssignment(route.assignment),
    ...(route.cohort === undefined ? {} : { cohort: parseCohort(route.cohort) }),
    targetVariantAccess: parseAccess(route.targetVariantAccess, 'targetVariantAccess'),
    ...(route.access === undefined ? {} : { access: parseAccess(route.access, 'access') }),
    ...(route.rollout === undefined ? {} : { rollout: parseRollout(route.rollout) }),
    ...(route.mirrors === undefined ? {} : { mirrors: parseMirrors(route.mirrors) }),
    ...(route.feedback === undefined ? {} : { feedback: parseFeedback(route.feedback) }),
    ...(route.measures === undefined ? {} : { measures: parseMeasures(route.measures) }),
    ...(route.log === undefined ? {} : { log: parseLog(route.log) }),
    ...(route.counters === undefined ? {} : { counters: parseCounters(route.counters) }),
    ...(route.direct === undefined ? {} : { direct: parseDirect(route.direct) }),
  };
}

/** Read a variant. Throws {@link InvalidRouteError}. */
export function parseVariant(value: unknown, at: string): Variant {
  const variant = fields(value, at);
  const role = variant.role;
  if (role !== 'production' && role !== 'candidate' && role !== 'control') {
    throw new InvalidRouteError(`${at}.role is ${JSON.stringify(role)}`);
  }
  return {
    name: text(variant.name, `${at}.name`),
    role,
    version: text(variant.version, `${at}.version`),
    ...(variant.content === undefined ? {} : { content: text(variant.content, `${at}.content`) }),
    weight: number(variant.weight, `${at}.weight`, 0),
    timeBudgetMs: number(variant.timeBudgetMs, `${at}.timeBudgetMs`, 1),
    target: parseTarget(variant.target, `${at}.target`),
  };
}

function parseTarget(value: unknown, at: string): Target {
  const target = fields(value, at);
  if (!isTargetKind(target.kind)) {
    throw new InvalidRouteError(`${at}.kind is ${JSON.stringify(target.kind)}`);
  }
  return BACKENDS[target.kind].read(membersOf(target, at));
}

function membersOf(record: Fields, at: string): MemberReader {
  return {
    text: (name) => text(record[name], `${at}.${name}`),
    optionalText: (name) => (record[name] === undefined ? undefined : text(record[name], `${at}.${name}`)),
    oneOf: (name, values) => {
      const found = values.find((value) => value === record[name]);
      if (found === undefined) {
        throw new InvalidRouteError(`${at}.${name} is ${JSON.stringify(record[name])}`);
      }
      return found;
    },
    number: (name, least) => number(record[name], `${at}.${name}`, least),
    optionalTexts: (name) =>
      record[name] === undefined
        ? undefined
        : Object.fromEntries(
            Object.entries(fields(record[name], `${at}.${name}`)).map(([key, value]) => [key, text(value, `${at}.${name}.${key}`)]),
          ),
    members: (name) => fields(record[name], `${at}.${name}`),
    optionalMember: (name, read) =>
      (record[name] === undefined ? undefined : read(membersOf(fields(record[name], `${at}.${name}`), `${at}.${name}`))),
  };
}

function parseLease(value: unknown): Lease {
  return { until: number(fields(value, 'lease').until, 'lease.until', 0) };
}

function parseAssignment(value: unknown): AssignmentKey {
  const assignment = fields(value, 'assignment');
  switch (assignment.source) {
    case 'inference-id':
      return { source: 'inference-id' };
    case 'header':
      return { source: 'header', name: text(assignment.name, 'assignment.name').toLowerCase() };
    case 'json-path': {
      const path = text(assignment.path, 'assignment.path');
      if (parseJsonPath(path) === undefined) {
        throw new InvalidRouteError(`assignment.path ${JSON.stringify(path)} is not a definite JSON path`);
      }
      return { source: 'json-path', path };
    }
    case 'session':
      return { source: 'session', lifetimeSeconds: number(assignment.lifetimeSeconds, 'assignment.lifetimeSeconds', 1) };
    default:
      throw new InvalidRouteError(`assignment.source is ${JSON.stringify(assignment.source)}`);
  }
}

function parseCohort(value: unknown): CohortRule {
  const { members } = fields(value, 'cohort');
  return {
    members: list(members, 'cohort.members').map((each, index): CohortMember => {
      const at = `cohort.members[${index}]`;
      const { by, name, values, arns } = fields(each, at);
      switch (by) {
        case 'header':
        case 'claim':
          return { by, name: text(name, `${at}.name`), values: texts(values, `${at}.values`) };
        case 'principal':
          return { by, arns: texts(arns, `${at}.arns`) };
        default:
          throw new InvalidRouteError(`${at}.by is ${JSON.stringify(by)}`);
      }
    }),
  };
}

function parseRollout(value: unknown): RouteRollout {
  const { id, startedAt, byCells, sharesSince, aborted } = fields(value, 'rollout');
  const rollout = {
    id: text(id, 'rollout.id'),
    ...(startedAt === undefined ? {} : { startedAt: number(startedAt, 'rollout.startedAt', 0) }),
    ...(byCells === true ? { byCells: true as const } : {}),
    ...(sharesSince === undefined ? {} : { sharesSince: number(sharesSince, 'rollout.sharesSince', 0) }),
  };
  if (aborted === undefined) {
    return rollout;
  }
  const { by, reason, at, blameless } = fields(aborted, 'rollout.aborted');
  return {
    ...rollout,
    aborted: {
      by: text(by, 'rollout.aborted.by'),
      reason: text(reason, 'rollout.aborted.reason'),
      at: number(at, 'rollout.aborted.at', 0),
      ...(blameless === true ? { blameless: true as const } : {}),
    },
  };
}

function parseDirect(value: unknown): DirectAlias {
  const direct = membersOf(fields(value, 'direct'), 'direct');
  return {
    kind: direct.oneOf('kind', ['lambda-alias']),
    functionName: direct.text('functionName'),
    aliasName: direct.text('aliasName'),
    schedule: direct.text('schedule'),
    roleArn: direct.text('roleArn'),
  };
}

function parseMirrors(value: unknown): readonly Mirror[] {
  const mirrors = list(value, 'mirrors').map((each, index) => parseMirror(each, `mirrors[${index}]`));
  if (new Set(mirrors.map((mirror) => mirror.name)).size !== mirrors.length) {
    throw new InvalidRouteError('two mirrors have the same name');
  }
  return mirrors;
}

function parseMirror(value: unknown, at: string): Mirror {
  const mirror = fields(value, at);
  const sampleRate = number(mirror.sampleRate, `${at}.sampleRate`, 0);
  if (sampleRate === 0 || sampleRate > 1) {
    throw new InvalidRouteError(`${at}.sampleRate is ${sampleRate}, not above 0 and up to 1`);
  }
  return {
    name: text(mirror.name, `${at}.name`),
    version: text(mirror.version, `${at}.version`),
    functionArn: text(mirror.functionArn, `${at}.functionArn`),
    sampleRate,
    filters: list(mirror.filters, `${at}.filters`).map((filter, index) => parseFilter(filter, `${at}.filters[${index}]`)),
    ...(mirror.startsAt === undefined ? {} : { startsAt: number(mirror.startsAt, `${at}.startsAt`, 0) }),
    ...(mirror.endsAt === undefined ? {} : { endsAt: number(mirror.endsAt, `${at}.endsAt`, 0) }),
    ...(mirror.rollout === undefined ? {} : { rollout: text(mirror.rollout, `${at}.rollout`) }),
    ...(mirror.headers === undefined ? {} : { headers: texts(mirror.headers, `${at}.headers`).map((name) => name.toLowerCase()) }),
    ...(mirror.parameters === undefined ? {} : { parameters: texts(mirror.parameters, `${at}.parameters`) }),
    ...(mirror.bodiesBucket === undefined ? {} : { bodiesBucket: text(mirror.bodiesBucket, `${at}.bodiesBucket`) }),
  };
}

function parseFilter(value: unknown, at: string): MirrorFilter {
  const filter = fields(value, at);
  const values = list(filter.values, `${at}.values`).map((each, index) => text(each, `${at}.values[${index}]`));
  switch (filter.on) {
    case 'header':
      return { on: 'header', name: text(filter.name, `${at}.name`).toLowerCase(), values };
    case 'json-path': {
      const path = text(filter.path, `${at}.path`);
      if (parseJsonPath(path) === undefined) {
        throw new InvalidRouteError(`${at}.path ${JSON.stringify(path)} is not a definite JSON path`);
      }
      return { on: 'json-path', path, values };
    }
    case 'content-type':
      return { on: 'content-type', values: values.map((type) => type.toLowerCase()) };
    default:
      throw new InvalidRouteError(`${at}.on is ${JSON.stringify(filter.on)}`);
  }
}

function parseCounters(value: unknown): readonly CounterPlan[] {
  const plans = parseCounterPlans(value);
  if (typeof plans === 'string') {
    throw new InvalidRouteError(plans);
  }
  return plans;
}

function parseLog(value: unknown): LogPlan {
  const plan = parseLogPlan(value);
  if (typeof plan === 'string') {
    throw new InvalidRouteError(plan);
  }
  return plan;
}

function parseFeedback(value: unknown): FeedbackRecordPlan {
  const feedback = fields(value, 'feedback');
  const sampleRate = number(feedback.sampleRate, 'feedback.sampleRate', 0);
  if (sampleRate === 0 || sampleRate > 1) {
    throw new InvalidRouteError(`feedback.sampleRate is ${sampleRate}, not above 0 and up to 1`);
  }
  return {
    table: text(feedback.table, 'feedback.table'),
    sampleRate,
    windowSeconds: number(feedback.windowSeconds, 'feedback.windowSeconds', 1),
    outcome: parseOutcome(feedback.outcome),
  };
}

function parseOutcome(value: unknown): OutcomeRule {
  const { kind, prediction, tolerance, atLeast, lowest, highest } = fields(value, 'feedback.outcome');
  const path = prediction === undefined ? undefined : text(prediction, 'feedback.outcome.prediction');
  if (path !== undefined && parseJsonPath(path) === undefined) {
    throw new InvalidRouteError(`feedback.outcome.prediction ${JSON.stringify(path)} is not a definite JSON path`);
  }
  switch (kind) {
    case 'label':
      return {
        kind,
        prediction: text(path, 'feedback.outcome.prediction'),
        ...(tolerance === undefined ? {} : { tolerance: number(tolerance, 'feedback.outcome.tolerance', 0) }),
      };
    case 'score':
    case 'reward':
      return {
        kind,
        atLeast: number(atLeast, 'feedback.outcome.atLeast', -Number.MAX_VALUE),
        ...(path === undefined ? {} : { prediction: path }),
      };
    case 'rating':
      return {
        kind,
        lowest: number(lowest, 'feedback.outcome.lowest', -Number.MAX_VALUE),
        highest: number(highest, 'feedback.outcome.highest', number(lowest, 'feedback.outcome.lowest', -Number.MAX_VALUE)),
        ...(path === undefined ? {} : { prediction: path }),
      };
    default:
      throw new InvalidRouteError(`feedback.outcome.kind is ${JSON.stringify(kind)}`);
  }
}

function parseMeasures(value: unknown): Measures {
  const measures = fields(value, 'measures');
  const thresholds = (name: 'slowerThanMs' | 'candidateSlowerThanMs'): number[] =>
    list(measures[name], `measures.${name}`).map((ms, index) => number(ms, `measures.${name}[${index}]`, 0));
  const slowerThanMs = thresholds('slowerThanMs');
  const candidateSlowerThanMs = measures.candidateSlowerThanMs === undefined ? undefined : thresholds('candidateSlowerThanMs');
  const bins = list(measures.bins, 'measures.bins').map((measure, index) => parseBins(measure, `measures.bins[${index}]`));
  if (slowerThanMs.length > MEASURE_LIMITS.thresholds) {
    throw new InvalidRouteError(
      `measures.slowerThanMs has ${slowerThanMs.length} thresholds; at most ${MEASURE_LIMITS.thresholds} are counted`,
    );
  }
  if (candidateSlowerThanMs !== undefined && candidateSlowerThanMs.length !== slowerThanMs.length) {
    throw new InvalidRouteError(
      `measures.candidateSlowerThanMs has ${candidateSlowerThanMs.length} thresholds, but measures.slowerThanMs `
        + `${slowerThanMs.length}: they are counted side by side`,
    );
  }
  const slowerIn = measures.slowerIn === undefined
    ? undefined
    : list(measures.slowerIn, 'measures.slowerIn').map((timing, index) => parseTiming(timing, `measures.slowerIn[${index}]`));
  if (slowerIn !== undefined && slowerIn.length !== slowerThanMs.length) {
    throw new InvalidRouteError(
      `measures.slowerIn has ${slowerIn.length} times, but measures.slowerThanMs ${slowerThanMs.length} thresholds: each is of one`,
    );
  }
  const total = bins.reduce((sum, measure) => sum + binCount(measure), 0);
  if (total > MEASURE_LIMITS.bins) {
    throw new InvalidRouteError(`measures.bins has ${total} bins; at most ${MEASURE_LIMITS.bins} are counted`);
  }
  return {
    slowerThanMs, ...(candidateSlowerThanMs === undefined ? {} : { candidateSlowerThanMs }), bins,
    ...(slowerIn === undefined ? {} : { slowerIn }),
    ...(measures.sums === undefined ? {} : { sums: atMost(list(measures.sums, 'measures.sums'), 'sums').map(parseSum) }),
    ...(measures.schemas === undefined ? {} : { schemas: atMost(list(measures.schemas, 'measures.schemas'), 'schemas').map(parseSchema) }),
    ...(measures.since === undefined ? {} : { since: number(measures.since, 'measures.since', 0) }),
  };
}

function atMost(measures: readonly unknown[], name: 'sums' | 'schemas'): readonly unknown[] {
  if (measures.length > MEASURE_LIMITS[name]) {
    throw new InvalidRouteError(`measures.${name} has ${measures.length} of them; at most ${MEASURE_LIMITS[name]} are counted`);
  }
  return measures;
}

function parseSchema(value: unknown, index: number): JsonSchema {
  return fields(value, `measures.schemas[${index}]`);
}

function parseSum(value: unknown, index: number): SumMeasure {
  const at = `measures.sums[${index}]`;
  const sum = fields(value, at);
  const weights = (side: 'production' | 'candidate'): TokenWeights => {
    const { in: given, out } = fields(sum[side], `${at}.${side}`);
    return { in: number(given, `${at}.${side}.in`, 0), out: number(out, `${at}.${side}.out`, 0) };
  };
  return { production: weights('production'), candidate: weights('candidate'), atMost: number(sum.atMost, `${at}.atMost`, 0) };
}

function parseTiming(value: unknown, at: string): Timing {
  if (typeof value !== 'string' || !(value in TIMINGS)) {
    throw new InvalidRouteError(`${at} is ${JSON.stringify(value)}, not one of ${Object.keys(TIMINGS).join(', ')}`);
  }
  return value as Timing;
}

function parseBins(value: unknown, at: string): BinsMeasure {
  const { path: given, edges, labels } = fields(value, at);
  const path = text(given, `${at}.path`);
  if (parseJsonPath(path) === undefined) {
    throw new InvalidRouteError(`${at}.path ${JSON.stringify(path)} is not a definite JSON path`);
  }
  if ((edges === undefined) === (labels === undefined)) {
    throw new InvalidRouteError(`${at} has not one of edges and labels`);
  }
  if (labels !== undefined) {
    return { path, labels: list(labels, `${at}.labels`).map((label, index) => text(label, `${at}.labels[${index}]`)) };
  }
  const borders = list(edges, `${at}.edges`).map((edge, index) => number(edge, `${at}.edges[${index}]`, -Number.MAX_VALUE));
  if (borders.some((edge, index) => index > 0 && edge <= borders[index - 1])) {
    throw new InvalidRouteError(`${at}.edges do not increase`);
  }
  return { path, edges: borders };
}

function parseAccess(value: unknown, at: string): TargetVariantAccess {
  const access = fields(value, at);
  switch (access.kind) {
    case 'nobody':
      return { kind: 'nobody' };
    case 'everyone':
      return { kind: 'everyone' };
    case 'principals': {
      if (!Array.isArray(access.arns)) {
        throw new InvalidRouteError(`${at}.arns is not a list`);
      }
      return { kind: 'principals', arns: access.arns.map((arn, index) => text(arn, `${at}.arns[${index}]`)) };
    }
    case 'claim':
      return {
        kind: 'claim',
        name: text(access.name, `${at}.name`),
        value: text(access.value, `${at}.value`),
      };
    default:
      throw new InvalidRouteError(`${at}.kind is ${JSON.stringify(access.kind)}`);
  }
}

function fields(value: unknown, at: string): Fields {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new InvalidRouteError(`${at} is not an object`);
  }
  return value as Fields;
}

function list(value: unknown, at: string): readonly unknown[] {
  if (!Array.isArray(value)) {
    throw new InvalidRouteError(`${at} is not a list`);
  }
  return value;
}

function text(value: unknown, at: string): string {
  if (typeof value !== 'string' || value === '') {
    throw new InvalidRouteError(`${at} is not a text`);
  }
  return value;
}

function texts(value: unknown, at: string): readonly string[] {
  return list(value, at).map((each, index) => text(each, `${at}[${index}]`));
}

function number(value: unknown, at: string, least: number): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < least) {
    throw new InvalidRouteError(`${at} is ${JSON.stringify(value)}, not a number of at least ${least}`);
  }
  return value;
}
