import type { OrderEvent, OrderResult, Verb } from '../../lib/core/rollout/orders';

/** Longest text of an order that is kept or logged: whoever may give orders writes it. */
const TEXT_CHARACTERS = 500;

/** What is wrong with an order, or nothing. */
export function malformedOrder(order: OrderEvent, verbs: readonly Verb[]): OrderResult | undefined {
  const malformed = (message: string): OrderResult => ({ ok: false, code: 'MALFORMED_ORDER', message });
  if (order === null || typeof order !== 'object') {
    return malformed('the order is not an object');
  }
  if (!verbs.includes(order.verb)) {
    return malformed(`verb is ${JSON.stringify(order.verb)}; this function takes ${verbs.join(', ')}`);
  }
  if (typeof order.alias !== 'string' || !/^[^/\s]+\/[^/\s]+$/.test(order.alias)) {
    return malformed(`alias is ${JSON.stringify(order.alias)}; it must be "endpoint/alias"`);
  }
  if (typeof order.by !== 'string' || order.by.trim() === '') {
    return malformed('by is missing: say who gives the order');
  }
  if (order.by.length > TEXT_CHARACTERS) {
    return malformed(`by has ${order.by.length} characters; ${TEXT_CHARACTERS} are enough to say who`);
  }
  if (order.reason !== undefined && typeof order.reason !== 'string') {
    return malformed('reason is not a text');
  }
  if (order.at !== undefined && !(typeof order.at === 'string' && Number.isFinite(Date.parse(order.at)))) {
    return malformed(`at is ${JSON.stringify(order.at)}; it must be a time as ISO 8601 has it`);
  }
  if (order.rollout !== undefined && typeof order.rollout !== 'string') {
    return malformed('rollout is not a text');
  }
  if (order.stage !== undefined && !(Number.isSafeInteger(order.stage) && order.stage >= 0)) {
    return malformed(`stage is ${JSON.stringify(order.stage)}; it must be a whole number from 0`);
  }
  if (order.version !== undefined && !/^[0-9a-f]{6,64}$/.test(order.version)) {
    return malformed(`version is ${JSON.stringify(order.version)}; it must be a digest or the beginning of one`);
  }
  return undefined;
}

/** Why an order is not for the rollout that is running, or nothing. It may have waited in a queue while one ended and the next began. */
export function outdatedOrder(
  { alias, at, rollout }: OrderEvent,
  running: { readonly id: string; readonly startedAt?: number },
): OrderResult | undefined {
  const outdated = (message: string): OrderResult => ({ ok: false, code: 'OUTDATED_ORDER', message });
  if (rollout !== undefined && rollout !== running.id) {
    return outdated(`the order is about rollout ${rollout}, but ${running.id} is running on ${alias}`);
  }
  if (at !== undefined && running.startedAt !== undefined && Date.parse(at) < running.startedAt) {
    return outdated(
      `the order is about what happened at ${at}, before the rollout on ${alias} began at ${new Date(running.startedAt).toISOString()}`,
    );
  }
  return undefined;
}

/** What is logged of an order: fields of ours with texts, whatever the caller sent. Another field could make the line a metric. */
export function loggedOrder(order: unknown, { ok, code, message }: OrderResult): { readonly [name: string]: unknown } {
  const given = (order ?? {}) as { readonly [name: string]: unknown };
  const text = (value: unknown): string | undefined =>
    typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, TEXT_CHARACTERS) : undefined;
  return {
    verb: text(given.verb),
    alias: text(given.alias),
    by: text(given.by),
    reason: text(given.reason),
    at: text(given.at),
    rollout: text(given.rollout),
    stage: text(given.stage),
    version: text(given.version),
    ok,
    code,
    outcome: message.slice(0, TEXT_CHARACTERS),
  };
}
