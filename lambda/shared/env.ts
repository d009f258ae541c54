import type { Env } from '../../lib/core/names';

/** An environment variable that the construct must have set. Throws a sentence, not `undefined` somewhere later. */
export function requireEnv(name: Env): string {
  const value = process.env[name];
  if (value === undefined || value === '') {
    throw new Error(`environment variable ${name} is not set; the function was not defined by ModelEndpoint`);
  }
  return value;
}
