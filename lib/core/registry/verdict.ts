import type { Outcome } from '../rollout/state';

/** A package's approval as the registry has it. */
export interface KnownApproval {
  /** `Approved`, `Rejected` or `PendingManualApproval`. */
  readonly approval?: string;
  /** Why, in the words of whoever gave or refused it. */
  readonly description?: string;
}

/** A rollout's end, as far as a registry hears of it. */
export interface EndedRollout {
  readonly rollout: string;
  readonly alias: string;
  readonly outcome: Pick<Outcome, 'result' | 'sentence' | 'rejects'>;
  /** Address of the evidence. */
  readonly evidence?: string;
}

/** What is written to the registry, in SageMaker's own words. */
export interface ApprovalUpdate {
  readonly ModelApprovalStatus?: 'Approved' | 'Rejected';
  readonly ApprovalDescription: string;
}

export interface RegistryVerdict {
  /** Absent where the registry says it already, or where its words are a person's that must stay. */
  readonly update?: ApprovalUpdate;
  /** The approval afterwards. */
  readonly approval: string;
  /** What keeps the registry from saying how the rollout ended. */
  readonly problem?: string;
}

/** How a description begins that a rollout has written, not a person. */
const OURS = 'model-rollout ';
/** https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateModelPackage.html */
const MOST_CHARACTERS = 1_024;

/**
 * What the end of a rollout does to the approval of its package. A candidate that was found bad is rejected; what was promoted says so, and
 * is approved again only where a rollout had rejected it. Whatever a person has rejected, or taken the approval of, stays as it is.
 */
export function registryVerdict(known: KnownApproval, ended: EndedRollout): RegistryVerdict {
  const { outcome } = ended;
  const approval = known.approval ?? 'PendingManualApproval';
  const description = descriptionOf(ended);
  const byRollout = known.description?.startsWith(OURS) === true;
  const update = (status?: ApprovalUpdate['ModelApprovalStatus']): RegistryVerdict => ({
    ...(known.description === description && (status ?? approval) === approval
      ? {}
      : {
          update: {
            ...(status === undefined || status === approval ? {} : { ModelApprovalStatus: status }),
            ApprovalDescription: description,
          },
        }),
    approval: status ?? approval,
  });
  if (approval === 'Rejected' && !byRollout) {
    return outcome.result === 'promoted'
      ? { approval, problem: 'somebody has rejected the package meanwhile, though the rollout was promoted; it stays rejected' }
      : { approval };
  }
  if (outcome.result === 'promoted') {
    return approval === 'PendingManualApproval'
      ? { ...update(), problem: 'somebody has taken the approval of the package back; the rollout was promoted, but a person must approve' }
      : update('Approved');
  }
  return update(outcome.rejects === true ? 'Rejected' : undefined);
}

function descriptionOf({ rollout, alias, outcome, evidence }: EndedRollout): string {
  const head = `${OURS}${rollout} of ${alias}: `;
  const tail = evidence === undefined ? '' : ` Evidence: ${evidence}`;
  const said = oneLine(outcome.sentence.startsWith(outcome.result) ? outcome.sentence : `${outcome.result}: ${outcome.sentence}`);
  const room = MOST_CHARACTERS - head.length - tail.length;
  return `${head}${said.length > room ? `${said.slice(0, room - 1)}…` : said}${tail}`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
