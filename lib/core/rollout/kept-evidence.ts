/** Where a rollout's evidence is kept, and who signs it. */
export interface EvidencePlan {
  readonly bucket: string;
  /** What keys begin with; ends with a slash, or is empty. */
  readonly prefix: string;
  /** ARN of the key that signs. */
  readonly keyArn: string;
}

/** How far the evidence of a rollout has come: part of the rollout's state. */
export interface EvidenceProgress {
  /** The record that was kept last. */
  readonly head?: RecordAddress;
  /** Records that were kept. */
  readonly records: number;
  /** Hash of the plan that a record has in full. */
  readonly planSha256?: string;
  /** Decisions since the head whose records could not be kept. */
  readonly lost?: LostRecords;
  /** Address of the seal, once the rollout has ended. */
  readonly seal?: string;
  /** Why there is no seal. */
  readonly problem?: string;
}

/** An object of the bucket, and what is in it. */
export interface RecordAddress {
  readonly key: string;
  /** Of the object's bytes, hexadecimal. */
  readonly sha256: string;
}

export interface LostRecords {
  readonly decisions: number;
  /** Why the last of them could not be kept. */
  readonly problem: string;
}

/** What the keys of a rollout's evidence begin with. */
export function folderOf({ prefix }: Pick<EvidencePlan, 'prefix'>, rollout: { readonly alias: string; readonly id: string }): string {
  return `${prefix}${rollout.alias}/${rollout.id}/`;
}

/** Its hash is part of a record's name, so that two writers never write one object twice with different content. */
export function recordKey(folder: string, index: number, sha256: string): string {
  return `${folder}${String(index).padStart(7, '0')}-${sha256}.json`;
}

export function sealKey(folder: string): string {
  return `${folder}seal.json`;
}
