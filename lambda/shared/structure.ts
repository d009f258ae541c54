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
  return text !== undefined && breach(schema, text) === undefined;
}

/** How a text breaks a schema: where it does so deepest, and what is wrong there. Undefined where it follows it. */
export function breach(schema: JsonSchema, text: string): string | undefined {
  let validator = validators.get(schema);
  if (validator === undefined) {
    validators.set(schema, validator = new Validator(schema, '2020-12'));
  }
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return 'it is not JSON';
  }
  try {
    const { valid, errors } = validator.validate(document);
    const [deepest] = [...errors].sort((a, b) => b.instanceLocation.length - a.instanceLocation.length);
    return valid ? undefined : `at ${deepest.instanceLocation}: ${deepest.error}`;
  } catch (error) {
    return (error as Error).message;
  }
}
