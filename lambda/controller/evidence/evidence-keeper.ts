import { type EvidencePlan, type EvidenceProgress, folderOf, recordKey, sealKey } from '../../../lib/core/rollout/kept-evidence';
import type { KnownReadings } from '../../../lib/core/audit/readings';
import { type Author, type MadeDecision, planHash, recordOf, sha256 } from '../../../lib/core/audit/record';
import { envelopeOf, PAYLOAD_TYPE, preAuthenticated, statementOf } from '../../../lib/core/audit/seal';
import type { Outcome, RolloutState } from '../../../lib/core/rollout/state';

/** What evidence is written with. */
export interface KeeperPorts {
  /** Write an object unless it is there already. Rejects if it is not there then. */
  readonly put: (bucket: string, key: string, text: string) => Promise<void>;
  /** Sign by ECDSA with SHA-256. */
  readonly sign: (keyArn: string, bytes: Uint8Array) => Promise<Uint8Array>;
  readonly author: Author;
  readonly warn: (notice: string, details: { readonly [name: string]: unknown }) => void;
}

/** Aliases whose last readings are kept, so that the next record need only have what is new. */
const MOST_KNOWN = 20;

/**
 * Writes a rollout's evidence: a record for every decision, before the state names it, and a seal at the end. Nothing depends on its
 * memory, and nothing of a rollout on whether it can write: what could not be kept is told in the state, in the next record and in the
 * seal.
 */
export class EvidenceKeeper {
  private readonly known = new Map<string, KnownReadings>();

  constructor(private readonly ports: KeeperPorts) {}

  /** Keep a decision that a state has just counted. Resolves to the state that names its record, or says that there is none. */
  async keep(state: RolloutState, made: MadeDecision): Promise<RolloutState> {
    const { evidence: plan } = state.plan;
    if (plan === undefined) {
      return state;
    }
    const progress: EvidenceProgress = state.evidence ?? { records: 0 };
    try {
      const planSha256 = planHash(made.state.plan);
      const text = JSON.stringify(recordOf(state, made, { by: this.ports.author, planSha256, known: this.known.get(state.alias) }));
      const hash = sha256(text);
      const key = recordKey(folderOf(plan, state), state.decisions, hash);
      await this.ports.put(plan.bucket, key, text);
      this.remember(state.alias, hash, made);
      const evidence: EvidenceProgress = {
        head: { key, sha256: hash },
        records: progress.records + 1,
        planSha256,
      };
      return { ...state, evidence };
    } catch (error) {
      const problem = this.tell('a decision could not be kept as evidence', state, error);
      return { ...state, evidence: { ...progress, lost: { decisions: (progress.lost?.decisions ?? 0) + 1, problem } } };
    }
  }

  /** Seal the evidence of a rollout that has ended. Resolves to how far it has come; undefined where there is none. */
  async seal(state: RolloutState, outcome: Outcome): Promise<EvidenceProgress | undefined> {
    const { evidence: plan } = state.plan;
    if (plan === undefined) {
      return undefined;
    }
    const { problem: _before, ...progress }: EvidenceProgress = state.evidence ?? { records: 0 };
    try {
      return { ...progress, seal: await this.write(plan, state, outcome) };
    } catch (error) {
      return { ...progress, problem: this.tell('the evidence could not be sealed', state, error) };
    }
  }

  private async write(plan: EvidencePlan, state: RolloutState, outcome: Outcome): Promise<string> {
    const { put, sign, author } = this.ports;
    const payload = Buffer.from(JSON.stringify(statementOf(state, outcome, author, plan.keyArn)));
    const key = sealKey(folderOf(plan, state));
    const envelope = envelopeOf(payload, plan.keyArn, await sign(plan.keyArn, preAuthenticated(payload, PAYLOAD_TYPE)));
    await put(plan.bucket, key, JSON.stringify(envelope));
    return `s3://${plan.bucket}/${key}`;
  }

  private remember(alias: string, hash: string, { readings }: MadeDecision): void {
    this.known.delete(alias);
    if (readings !== undefined) {
      this.known.set(alias, { sha256: hash, readings });
    }
    const [oldest] = this.known.keys();
    if (this.known.size > MOST_KNOWN) {
      this.known.delete(oldest);
    }
  }

  private tell(what: string, { alias, id }: RolloutState, error: unknown): string {
    const { name, message } = error as Error;
    this.ports.warn(what, { alias, rollout: id, error: name, reason: message });
    return `${name}: ${message}`.slice(0, MOST_CHARACTERS);
  }
}

/** What AWS says of a refusal may be long. */
const MOST_CHARACTERS = 500;
