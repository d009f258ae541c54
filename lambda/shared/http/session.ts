import { Header } from '../../../lib/core/names';
import type { Variant } from '../../../lib/core/routing/route';

/** In the place of an id: open a session. */
export const NEW_SESSION = 'NEW_SESSION';
/** Behind the session's own id: the version that it lives in, in characters that SageMaker allows in an id. */
const MARK = /^(.+)-mr-([0-9A-Za-z]+)$/;

/**
 * A stateful session lives in the version that opened it: another knows nothing of it. So the id that callers get names the version, and
 * the version gets back the id that it gave.
 */
export interface Session {
  readonly id: string;
  /** Digest of the version. */
  readonly version?: string;
  /** The router has made the id, and no model knows a session of that name. */
  readonly ofRouter?: true;
}

/** Whether a request asks for a session. */
export function opensSession(header: string | undefined): boolean {
  return header === NEW_SESSION;
}

/** The session that a request belongs to, undefined where it belongs to none yet. */
export function readSession(header: string | undefined): Session | undefined {
  if (header === undefined || opensSession(header)) {
    return undefined;
  }
  const [, id, version] = MARK.exec(header) ?? [];
  return id === undefined ? { id: header } : { id, version };
}

/** The variant that a session lives in, as long as it takes requests at all. */
export function sessionVariant(session: Session | undefined, variants: readonly Variant[]): Variant | undefined {
  return variants.find(({ version, weight, role }) => version === session?.version && (weight > 0 || role === 'production'));
}

/** What a version says of sessions, with its digest behind their ids. */
export function markSessions(headers: { [name: string]: string }, version: string): void {
  for (const name of [Header.NEW_SESSION_ID, Header.CLOSED_SESSION_ID]) {
    if (headers[name] !== undefined) {
      // A new session's id is followed by when it expires.
      headers[name] = headers[name].replace(/^[^;]*/, (id) => `${id.trim()}-mr-${version}`);
    }
  }
}
