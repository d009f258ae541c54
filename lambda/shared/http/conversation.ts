import { randomBytes } from 'node:crypto';
import { Header } from '../../../lib/core/names';
import type { Route, Variant } from '../../../lib/core/routing/route';
import { readToken, type SessionClaims, signedToken } from '../../../lib/core/routing/session-token';
import type { InferenceRequest } from './request';
import { NEW_SESSION } from './session';

/** The conversation that a request belongs to, on an alias whose conversations stay with their version. */
export interface Conversation {
  /** Decides the version of a new one. */
  readonly id: string;
  /** The token that the caller has sent, and what it says. */
  readonly sent?: { readonly token: string; readonly claims: SessionClaims };
  /** The caller's conversation goes on: its token has not expired, and its version is there. */
  readonly live: boolean;
}

/**
 * The conversation of a request; undefined on an alias whose conversations do not stay. What the alias has not signed is none of its
 * conversations: a new one begins.
 */
export function conversationOf(
  { headers }: InferenceRequest, { assignment, sessionKeys = [] }: Route, scope: string, variants: readonly Variant[], now: number,
): Conversation | undefined {
  if (assignment.source !== 'session') {
    return undefined;
  }
  // With or without what SageMaker says behind an id.
  const token = headers.get(Header.SESSION_ID)?.split(';')[0].trim();
  const claims = token === undefined ? undefined : readToken(scope, token, sessionKeys);
  if (claims === undefined) {
    return { id: newId(), live: false };
  }
  const live = claims.expiresAt * 1_000 > now && variants.some(({ version }) => version === claims.version);
  return { id: live ? claims.id : newId(), sent: { token: token!, claims }, live };
}

/** The variant that a conversation lives in: one without weight gets no new conversations and keeps its own. */
export function livesIn({ live, sent }: Conversation, variants: readonly Variant[]): Variant | undefined {
  return live ? variants.find(({ version }) => version === sent?.claims.version) : undefined;
}

/**
 * The request as models see it: with the id of the conversation in the place of the token. Where a model kept a session that is over,
 * another is opened.
 */
export function asModelsSee(request: InferenceRequest, { id, sent, live }: Conversation): InferenceRequest {
  const headers = new Map(request.headers);
  const byModel = sent?.claims.byModel === true;
  if (live) {
    headers.set(Header.SESSION_ID, id);
  } else if (byModel || headers.get(Header.SESSION_ID) === NEW_SESSION) {
    headers.set(Header.SESSION_ID, NEW_SESSION);
  } else {
    headers.delete(Header.SESSION_ID);
  }
  return { ...request, headers, session: { id, ...(live && !byModel && { ofRouter: true }) } };
}

/** Who has to do with the answer to a request of a conversation. */
export interface AnsweredTurn {
  /** Digest of the version that the request was assigned to. */
  readonly assigned: string;
  /** Digest of the version that has answered. */
  readonly answering: string;
  /** Lower-case names. */
  readonly headers: { readonly [name: string]: string };
}

/** What an answer says of its conversation: the token of a new one, and that of one that is over. */
export function conversationHeaders(
  { id, sent, live }: Conversation, { assigned, answering, headers }: AnsweredTurn, { assignment, sessionKeys = [] }: Route, scope: string,
  now: number,
): { readonly [name: string]: string } {
  const { [Header.NEW_SESSION_ID]: opened, [Header.CLOSED_SESSION_ID]: closed } = headers;
  const goesOn = live && sent?.claims.version === assigned;
  const isOver = sent !== undefined && (!goesOn || closed !== undefined);
  const over: { readonly [name: string]: string } = isOver ? { [Header.CLOSED_SESSION_ID]: sent.token } : {};
  if (assignment.source !== 'session' || (goesOn && opened === undefined)) {
    return over;
  }
  const [modelsId, modelsExpiry] = opened?.split(';').map((part) => part.trim()) ?? [];
  const expiresAt = Math.floor(now / 1_000) + assignment.lifetimeSeconds;
  const token = signedToken(scope, {
    id: modelsId ?? (live ? newId() : id),
    byModel: modelsId !== undefined,
    // A session of a model's lives where it was opened, and that may be production in the version's place.
    version: modelsId === undefined ? assigned : answering,
    openedAt: now,
    expiresAt,
  }, sessionKeys, now);
  return token === undefined
    ? over
    : { ...over, [Header.NEW_SESSION_ID]: `${token}; ${modelsExpiry ?? `Expires=${timeOf(expiresAt)}`}` };
}

function newId(): string {
  return randomBytes(12).toString('hex');
}

/** As SageMaker writes it: seconds, in UTC. */
function timeOf(epochSeconds: number): string {
  return new Date(epochSeconds * 1_000).toISOString().replace(/\.\d+Z$/, 'Z');
}
