import type { OrderEvent, OrderResult, Verb } from '../../lib/core/rollout/orders';

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
  if (order.reason !== undefined && typeof order.reason !== 'string') {
    return malformed('reason is not a text');
  }
  if (order.stage !== undefined && !(Number.isSafeInteger(order.stage) && order.stage >= 0)) {
    return malformed(`stage is ${JSON.stringify(order.stage)}; it must be a whole number from 0`);
  }
  if (order.version !== undefined && !/^[0-9a-f]{6,64}$/.test(order.version)) {
    return malformed(`version is ${JSON.stringify(order.version)}; it must be a digest or the beginning of one`);
  }
  return undefined;
}
