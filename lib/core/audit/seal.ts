import type { Order, Outcome, RolloutState } from '../rollout/state';
import type { LostRecords, RecordAddress } from '../rollout/kept-evidence';
import type { Author } from './record';

/** https://github.com/secure-systems-lab/dsse/blob/v1.0.2/envelope.md */
export interface Envelope {
  readonly payloadType: string;
  /** Base64. */
  readonly payload: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

/** https://github.com/in-toto/attestation/blob/v1.0/spec/v1.0/statement.md */
export interface Statement {
  readonly _type: typeof STATEMENT_TYPE;
  readonly subject: readonly { readonly name: string; readonly digest: { readonly sha256: string } }[];
  readonly predicateType: typeof PREDICATE_TYPE;
  readonly predicate: RolloutEnd;
}

/** How a rollout ended: what is signed of it. */
export interface RolloutEnd {
  readonly rollout: string;
  readonly alias: string;
  readonly kind: 'canary' | 'blue-green';
  readonly production: string;
  readonly candidate: string;
  readonly startedAt: number;
  readonly outcome: Omit<Outcome, 'reported'>;
  readonly decisions: number;
  readonly records: number;
  /** The last record, which names the one before, and so on to the first; null where none was kept. */
  readonly head: RecordAddress | null;
  /** Decisions since that one whose records could not be kept. */
  readonly lost?: LostRecords;
  /** Who has said what, as it stood at the end. */
  readonly orders: { readonly paused?: Order; readonly promotion?: Order; readonly approved?: RolloutState['approved'] };
  readonly by: Author;
  /** ARN of the key that signs. */
  readonly key: string;
}

export const PAYLOAD_TYPE = 'application/vnd.in-toto+json';
const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
const PREDICATE_TYPE = 'https://github.com/cdk-model-rollout/cdk-model-rollout/rollout-end/v1';

/** What is signed at a rollout's end. The same for every retry, so that sealing twice changes nothing. */
export function statementOf(state: RolloutState, outcome: Outcome, by: Author, key: string): Statement {
  const { evidence: { head, records, lost } = { records: 0 }, paused, promotion, approved } = state;
  const { reported: _reported, ...ended } = outcome;
  return {
    _type: STATEMENT_TYPE,
    subject: [
      { name: `${state.alias} candidate`, digest: { sha256: state.candidate.version } },
      ...(head === undefined ? [] : [{ name: head.key, digest: { sha256: head.sha256 } }]),
    ],
    predicateType: PREDICATE_TYPE,
    predicate: {
      rollout: state.id,
      alias: state.alias,
      kind: state.plan.kind,
      production: state.production.version,
      candidate: state.candidate.version,
      startedAt: state.startedAt,
      outcome: ended,
      decisions: state.decisions,
      records,
      head: head ?? null,
      ...(lost === undefined ? {} : { lost }),
      orders: {
        ...(paused === undefined ? {} : { paused }),
        ...(promotion === undefined ? {} : { promotion }),
        ...(approved === undefined ? {} : { approved }),
      },
      by,
      key,
    },
  };
}

/** What is signed of a payload: https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md */
export function preAuthenticated(payload: Uint8Array, payloadType: string): Uint8Array {
  return Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `), payload]);
}

export function envelopeOf(payload: Uint8Array, keyid: string, signature: Uint8Array): Envelope {
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  return { payloadType: PAYLOAD_TYPE, payload: base64(payload), signatures: [{ keyid, sig: base64(signature) }] };
}

/** The envelope that a seal is. Throws where it is none. */
export function envelopeIn(seal: string): Envelope {
  const envelope = JSON.parse(seal) as Envelope;
  if (typeof envelope.payload !== 'string' || !Array.isArray(envelope.signatures)) {
    throw new Error('the seal is no DSSE envelope');
  }
  return envelope;
}

/** What a seal says, whoever signed it. Throws where it says nothing of a rollout. */
export function endOf(seal: string): RolloutEnd {
  const statement = JSON.parse(Buffer.from(envelopeIn(seal).payload, 'base64').toString('utf8')) as Statement;
  if (typeof statement.predicate?.rollout !== 'string') {
    throw new Error('the seal says nothing of a rollout');
  }
  return statement.predicate;
}
