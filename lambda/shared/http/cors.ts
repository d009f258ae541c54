import { type CorsPlan, exposedHeaders } from '../../../lib/core/cors';
import type { Reply } from './reply';

/** What the environment says of pages of other origins; undefined where they may read nothing. */
export function readCors(text: string | undefined): CorsPlan | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as CorsPlan);
}

/** Let pages of the allowed origins read the reply. */
export function withCors(reply: Reply, cors: CorsPlan | undefined, origin: string | undefined): Reply {
  if (cors === undefined) {
    return reply;
  }
  const everybody = cors.origins.includes('*');
  const allowed = everybody ? '*' : cors.origins.find((candidate) => candidate === origin);
  const headers: { [name: string]: string } = { ...reply.headers };
  if (!everybody) {
    // A cache must know of the difference also where it keeps what an origin may not read.
    headers.vary = [headers.vary, 'Origin'].filter(Boolean).join(', ');
  }
  if (allowed !== undefined) {
    headers['access-control-allow-origin'] = allowed;
    headers['access-control-expose-headers'] = exposedHeaders(cors);
    if (cors.credentials) {
      headers['access-control-allow-credentials'] = 'true';
    }
  }
  return { ...reply, headers };
}
