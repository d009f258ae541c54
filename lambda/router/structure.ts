import { Validator } from '@cfworker/json-schema';
import type { JsonSchema } from '../../lib/core/routing/measures';

/** A route is read again and again, and its schemas with it: they are prepared once for each time it changes. */
const validators = new WeakMap<JsonSchema, Validator>();

/**
 * Whether the words of an answer are a document that follows a schema; undefined where it has none, as a call of a tool has.
 *
 * @param text undefined where there are more words than are looked into
 */
export function follows(schema: JsonSchema, text: string | undefined): boolean | undefined {
  if (text?.trim() === '') {
    return undefined;
  }
  let validator = validators.get(schema);
  if (validator === undefined) {
    validators.set(schema, validator = new Validator(schema, '2020-12'));
  }
  try {
    return text !== undefined && validator.validate(JSON.parse(text)).valid;
  } catch {
    return false;
  }
}
