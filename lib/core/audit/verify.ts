import { createVerify } from 'node:crypto';
import { SecondJudge } from './judge-again';
import type { RecordAddress } from '../rollout/kept-evidence';
import { type EvidenceRecord, sha256 } from './record';
import { endOf, envelopeIn, PAYLOAD_TYPE, preAuthenticated, type RolloutEnd } from './seal';

/** The evidence of one rollout in one document: nothing else is needed to verify it but the key. */
export interface EvidenceBundle {
  readonly schema: 1;
  /** The seal as it is in the bucket; absent where the rollout has not ended, or could not be sealed. */
  readonly seal?: string;
  /** The last record, where there is no seal that names it. */
  readonly head?: RecordAddress;
  /** Records as they are in the bucket, oldest first. */
  readonly records: readonly string[];
}

/** Something that was looked at. */
export interface Check {
  readonly what: 'signature' | 'chain' | 'complete' | 'judged again' | 'outcome';
  readonly holds: boolean;
  readonly sentence: string;
}

export interface Verified {
  readonly end?: RolloutEnd;
  readonly records: readonly EvidenceRecord[];
  readonly checks: readonly Check[];
}

/** What a bundle says, without a look at whether it is true. Throws where it is none. */
export function readBundle({ schema, seal, records }: EvidenceBundle): Pick<Verified, 'end' | 'records'> {
  if (schema !== 1 || !Array.isArray(records)) {
    throw new Error('it is no evidence of a rollout, or of a later version of this library');
  }
  return {
    ...(seal === undefined ? {} : { end: endOf(seal) }),
    records: records.map((text) => JSON.parse(text) as EvidenceRecord),
  };
}

/**
 * Whether nothing of a bundle was changed or left out since it was signed, and whether its decisions follow from what they were made of.
 *
 * @param publicKey in PEM, of the key that is trusted to sign; undefined where there is none to hold it against
 */
export function verifyBundle(bundle: EvidenceBundle, publicKey: string | undefined): Verified {
  const read = readBundle(bundle);
  const checks = [signature(bundle, read.end, publicKey), ...chain(bundle, read), ...judgedAgain(bundle, read), ...outcome(read)];
  return { ...read, checks };
}

function signature({ seal }: EvidenceBundle, end: RolloutEnd | undefined, publicKey: string | undefined): Check {
  const fails = (sentence: string): Check => ({ what: 'signature', holds: false, sentence });
  if (seal === undefined || end === undefined) {
    return fails('there is no seal: the rollout has not ended, or could not be sealed');
  }
  if (publicKey === undefined) {
    return fails(`nobody has said what the public key of ${end.key} is`);
  }
  const envelope = envelopeIn(seal);
  const [signed] = envelope.signatures;
  const payload = Buffer.from(envelope.payload, 'base64');
  const sig = Buffer.from(signed?.sig ?? '', 'base64');
  const plain = payload.toString('base64') === envelope.payload && sig.toString('base64') === signed?.sig
    && JSON.stringify(envelope) === seal;
  const verifier = createVerify('sha256').update(preAuthenticated(payload, envelope.payloadType));
  return envelope.payloadType === PAYLOAD_TYPE && envelope.signatures.length === 1 && signed.keyid === end.key && plain
    && verifier.verify(publicKey, sig)
    ? { what: 'signature', holds: true, sentence: `signed with ${end.key}` }
    : fails(`the signature is not that of ${end.key}`);
}

/** From the last record, which the seal names, to the first. */
function chain({ head: said, records: texts }: EvidenceBundle, { end, records }: Pick<Verified, 'end' | 'records'>): Check[] {
  const broken: string[] = [];
  const lost: string[] = [];
  const hashes = texts.map(sha256);
  let named = (end === undefined ? said : end.head) ?? null;
  for (let place = records.length - 1; place >= 0; place--) {
    const { index, previous, rollout, alias, lost: without } = records[place];
    if (named?.sha256 !== hashes[place]) {
      const next = records[place + 1];
      broken.push(`record ${index} is not the one that ${next === undefined ? 'the seal' : `record ${next.index}`} names`);
    }
    if (end !== undefined && (rollout !== end.rollout || alias !== end.alias)) {
      broken.push(`record ${index} is of rollout ${rollout} on ${alias}`);
    }
    const missing = index - (records[place - 1]?.index ?? 0) - 1;
    if (missing !== (without?.decisions ?? 0)) {
      broken.push(`${missing} decisions are missing before record ${index}`);
    } else if (without !== undefined) {
      lost.push(`${without.decisions} before record ${index} (${without.problem})`);
    }
    named = previous;
  }
  if (named !== null) {
    broken.push(`the record before ${records[0] === undefined ? 'the seal' : `record ${records[0].index}`} is missing: ${named.key}`);
  }
  if (end !== undefined) {
    const after = end.decisions - (records.at(-1)?.index ?? 0);
    if (end.records !== records.length || after !== (end.lost?.decisions ?? 0)) {
      broken.push(`the seal counts ${end.records} records of ${end.decisions} decisions, here are ${records.length}`);
    } else if (end.lost !== undefined) {
      lost.push(`${after} at the end (${end.lost.problem})`);
    }
  }
  return [
    {
      what: 'chain',
      holds: broken.length === 0,
      sentence: told(broken, `each of ${records.length} records has the hash that the next one names`),
    },
    {
      what: 'complete',
      holds: lost.length === 0,
      sentence: told(lost.map((each) => `without a record: ${each}`), 'every decision has its record'),
    },
  ];
}

/** What is wrong may be wrong of all. */
const MOST_TOLD = 5;

function judgedAgain({ records: texts }: EvidenceBundle, { records }: Pick<Verified, 'records'>): Check[] {
  const judge = new SecondJudge();
  const differences = records.flatMap((record, place) =>
    judge.judgeAgain(record, sha256(texts[place])).map((difference) => `decision ${record.index}: ${difference}`));
  return [{
    what: 'judged again',
    holds: differences.length === 0,
    sentence: told(differences, `each of ${records.length} decisions follows from its record`),
  }];
}

/** What is wrong, the first of it. */
function told(wrong: readonly string[], otherwise: string): string {
  return wrong.length === 0 ? otherwise : wrong.slice(0, MOST_TOLD).join('; ');
}

/** Ends that no decision comes before. */
const ENDED_BY_OTHERS = ['aborted', 'controller-failed', 'superseded'];

/** A promotion is what was decided last; a rollback may also be what somebody else did to the rollout. */
function outcome({ end, records }: Pick<Verified, 'end' | 'records'>): Check[] {
  const last = records.at(-1);
  if (end === undefined || last === undefined || (end.lost?.decisions ?? 0) > 0) {
    return [];
  }
  const { result } = end.outcome;
  const { verdict } = last.decision;
  const others = end.outcome.reasons?.some(({ kind }) => ENDED_BY_OTHERS.includes(kind)) === true;
  const holds = result === 'promoted' ? verdict === 'promote' : verdict === 'roll back' || others;
  return [{
    what: 'outcome',
    holds,
    sentence: holds ? `${result}, as was decided` : `${result}, but the last decision was ${verdict}`,
  }];
}
