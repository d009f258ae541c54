import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Duration, RemovalPolicy, Token } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { EvidencePlan } from '../core/rollout/kept-evidence';
import { inBucket } from '../encryption/permissions';
import { acknowledge, wildcardFinding } from '../package/acknowledge';
import { failTogether } from '../validate/fail-together';

/** Where evidence is kept, and who signs it. */
export interface EvidenceStoreProps {
  /**
   * Bucket that keeps the evidence: one of yours, such as one in another account for audits, whose policy then lets the stack's controller
   * put objects.
   *
   * @default - a bucket of its own, encrypted, versioned and without public access, which stays when the stack is deleted
   */
  readonly bucket?: s3.IBucket;

  /**
   * What the keys of the objects begin with, without a slash at its beginning.
   *
   * @default rollouts/
   */
  readonly prefix?: string;

  /**
   * Key of KMS that signs what a rollout ended with: an asymmetric one with the spec `ECC_NIST_P256` and the usage `SIGN_VERIFY`.
   *
   * @default - a key of its own, 1 USD a month, which stays when the stack is deleted, so that what it signed can be verified
   */
  readonly signingKey?: kms.IKey;

  /**
   * Key that encrypts the objects of the bucket that is defined here.
   *
   * @default - S3's own
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * S3 Object Lock of the bucket that is defined here: for so long nobody can delete or change an object, in compliance mode not even the
   * account's root user. It cannot be turned off again. Begin with governance mode.
   *
   * @default - no lock: who may delete objects of the bucket can delete evidence, and the next look at it shows that
   */
  readonly objectLock?: s3.ObjectLockRetention;

  /**
   * How long evidence is kept in the bucket that is defined here, whole days.
   *
   * @default - for ever
   */
  readonly retention?: Duration;
}

/**
 * Keeps the evidence of rollouts for whoever asks later why a model was promoted or rejected. Every decision is an object of S3 with all
 * that it was made of: the plan, the counts of every period, guardrails with their intervals, who approved and who ordered. Each names the
 * hash of the one before, and the end is signed, so that nothing can be left out or changed unseen; `model-rollout evidence --verify`
 * checks that, and judges every decision again from what is kept.
 *
 * A rollout that cannot write its evidence decides what it would have decided, and says so.
 */
export class EvidenceStore extends Construct {
  /** Bucket that keeps the evidence. */
  public readonly bucket: s3.IBucket;

  /** Key that signs. */
  public readonly signingKey: kms.IKey;

  private readonly prefix: string;

  constructor(scope: Construct, id: string, props: EvidenceStoreProps = {}) {
    super(scope, id);
    failTogether(problemsOf(props), this);
    this.prefix = props.prefix ?? 'rollouts/';
    this.bucket = props.bucket ?? this.ownBucket(props);
    this.signingKey =
      props.signingKey ??
      new kms.Key(this, 'SigningKey', {
        description: 'Signs how rollouts of models ended',
        keySpec: kms.KeySpec.ECC_NIST_P256,
        keyUsage: kms.KeyUsage.SIGN_VERIFY,
        removalPolicy: RemovalPolicy.RETAIN,
      });
  }

  /**
   * Let a grantee fetch and verify the evidence, with `model-rollout evidence`. It holds what a rollout has: golden requests of its smoke
   * tests among it.
   */
  public grantRead(grantee: iam.IGrantable): iam.Grant {
    const objects = this.bucket.arnForObjects(`${this.prefix}*`);
    const { grantPrincipal: principal } = grantee;
    if (Construct.isConstruct(principal)) {
      acknowledge(principal, { [wildcardFinding(principal, objects)]: 'every record of a rollout is an object' });
    }
    const grants = [
      iam.Grant.addToPrincipal({ grantee, actions: ['s3:GetObject'], resourceArns: [objects] }),
      iam.Grant.addToPrincipal({
        grantee,
        actions: ['s3:ListBucket'],
        resourceArns: [this.bucket.bucketArn],
        conditions: { StringLike: { 's3:prefix': `${this.prefix}*` } },
      }),
      iam.Grant.addToPrincipal({ grantee, actions: ['kms:GetPublicKey'], resourceArns: [this.signingKey.keyArn] }),
      ...inBucket(this, this.bucket.encryptionKey, 'read').map((statement) =>
        iam.Grant.addToPrincipal({
          grantee,
          actions: statement.actions,
          resourceArns: statement.resources,
          conditions: statement.conditions as { [key: string]: { [key: string]: unknown } },
        })),
    ];
    return grants.reduce((all, grant) => all.combine(grant));
  }

  /**
   * For the plan of a rollout.
   *
   * @internal
   */
  public _plan(): EvidencePlan {
    return { bucket: this.bucket.bucketName, prefix: this.prefix, keyArn: this.signingKey.keyArn };
  }

  /**
   * What the controller must be allowed for the rollouts of an alias, and the ARN in it that has a wildcard.
   *
   * @internal
   */
  public _writing(alias: string): { readonly statements: iam.PolicyStatement[]; readonly wildcard: string } {
    const objects = this.bucket.arnForObjects(`${this.prefix}${alias}/*`);
    return {
      statements: [
        new iam.PolicyStatement({ actions: ['s3:PutObject'], resources: [objects] }),
        new iam.PolicyStatement({ actions: ['kms:Sign'], resources: [this.signingKey.keyArn] }),
        ...inBucket(this, this.bucket.encryptionKey, 'write'),
      ],
      wildcard: objects,
    };
  }

  private ownBucket({ encryptionKey, objectLock, retention }: EvidenceStoreProps): s3.Bucket {
    const bucket = new s3.Bucket(this, 'Bucket', {
      ...(encryptionKey === undefined
        ? { encryption: s3.BucketEncryption.S3_MANAGED }
        : { encryption: s3.BucketEncryption.KMS, encryptionKey, bucketKeyEnabled: true }),
      versioned: true,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      ...(objectLock === undefined ? {} : { objectLockEnabled: true, objectLockDefaultRetention: objectLock }),
      lifecycleRules: retention === undefined ? undefined : [{ expiration: retention, noncurrentVersionExpiration: Duration.days(1) }],
      removalPolicy: RemovalPolicy.RETAIN,
    });
    bucket.policy!.applyRemovalPolicy(RemovalPolicy.RETAIN);
    acknowledge(bucket, {
      'AwsSolutions-S1': 'what is in it is signed, so that a change is seen; give a bucket to have access logs',
    });
    return bucket;
  }
}

function problemsOf({ bucket, prefix, encryptionKey, objectLock, retention }: EvidenceStoreProps): string[] {
  const days = retention === undefined || retention.isUnresolved() ? undefined : retention.toDays({ integral: false });
  const own = Object.entries({ encryptionKey, objectLock, retention }).filter(([, value]) => value !== undefined);
  return [
    ...(bucket === undefined ? [] : own.map(([name]) =>
      `${name} is of the bucket that the evidence store defines, but bucket is given; set it there, or leave bucket out`)),
    ...(prefix === undefined || Token.isUnresolved(prefix) || (/^[\w!.()-][\w!.()/-]*\/$/.test(prefix) && prefix.length <= 200)
      ? []
      : [
          `prefix of the evidence store is ${JSON.stringify(prefix)}, but must end with a slash, not begin with one, and have at most 200 `
            + 'letters, digits and ! - _ . ( ) /; rollouts/ is the default',
        ]),
    ...(retention === undefined || (days !== undefined && Number.isInteger(days) && days >= 1)
      ? []
      : [
          `retention of the evidence store is ${days === undefined ? 'known only at deployment' : `${days} days`}, but must be whole days, `
            + 'at least 1; leave it out to keep evidence for ever',
        ]),
    ...(objectLock !== undefined && days !== undefined && days < objectLock.duration.toDays()
      ? [
          `retention of the evidence store is ${days} days, but objectLock keeps each object for ${objectLock.duration.toDays()}; raise `
            + 'retention to that, or leave it out',
        ]
      : []),
  ];
}
