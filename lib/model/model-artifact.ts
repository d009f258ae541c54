import { existsSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { Construct } from 'constructs';
import { OfStack } from './of-stack';

/** Where an artifact is, once a model is bound. */
export interface ModelArtifactConfig {
  /** Address of the artifact, `s3://bucket/key`. */
  readonly url: string;

  /**
   * What tells this artifact from any other, wherever it is.
   *
   * @default - its address does
   */
  readonly identity?: string;

  /**
   * The address is that of a folder, `s3://bucket/prefix/`, whose files are the model as they are.
   *
   * @default false - one tar.gz file
   */
  readonly folder?: boolean;
}

/** The trained model itself: a `model.tar.gz` that SageMaker unpacks for the container. */
export abstract class ModelArtifact {
  /**
   * An object in S3. SageMaker reads the newest object under the key, so give every artifact a key of its own.
   */
  public static fromBucket(bucket: s3.IBucket, key: string): ModelArtifact {
    return new Artifact(() => ({
      config: { url: bucket.s3UrlForObject(key) },
      grant: (role) => grantObject(bucket, key, role),
    }));
  }

  /**
   * A local `tar.gz` file, uploaded by `cdk deploy` under its own hash.
   */
  public static fromAsset(path: string): ModelArtifact {
    return new Artifact((scope) => {
      const asset = new Asset(scope, `Artifact${scope.node.children.length}`, { path });
      return {
        config: { url: asset.s3ObjectUrl, identity: asset.assetHash },
        grant: (role) => grantObject(asset.bucket, asset.s3ObjectKey, role),
      };
    }, () => archiveProblems(path));
  }

  /**
   * An object in S3 by its address, and what tells its content.
   *
   * @internal
   */
  public static _fromUrl(url: string, options: { readonly identity: string; readonly encryptionKey?: kms.IKey }): ModelArtifact {
    return new Artifact((scope) => {
      const [bucket, key] = bucketOf(scope, url, options.encryptionKey);
      return { config: { url, identity: options.identity }, grant: (role) => grantObject(bucket, key, role) };
    });
  }

  /**
   * A folder in S3 by its address, whose files SageMaker gives the container as they are, and what tells its content.
   *
   * @internal
   */
  public static _fromFolder(url: string, options: { readonly identity: string; readonly encryptionKey?: kms.IKey }): ModelArtifact {
    return new Artifact((scope) => {
      const [bucket, prefix] = bucketOf(scope, url, options.encryptionKey);
      return {
        config: { url, identity: options.identity, folder: true },
        grant: (role) => grantObject(bucket, `${prefix}*`, role),
      };
    });
  }

  /** Find, or define, the artifact. */
  public abstract bind(scope: Construct): ModelArtifactConfig;

  /** Let a role read the artifact; call it after `bind`. */
  public abstract grantRead(role: iam.IGrantable): void;

  /**
   * What SageMaker would not take.
   *
   * @internal
   */
  public _problems(): string[] {
    return [];
  }
}

interface Found {
  readonly config: ModelArtifactConfig;
  readonly grant: (role: iam.IGrantable) => void;
}

class Artifact extends ModelArtifact {
  private readonly found: OfStack<Found>;
  private bound?: Found;

  constructor(find: (scope: Construct) => Found, private readonly check: () => string[] = () => []) {
    super();
    this.found = new OfStack(find);
  }

  public bind(scope: Construct): ModelArtifactConfig {
    this.bound = this.found.in(scope);
    return this.bound.config;
  }

  public grantRead(role: iam.IGrantable): void {
    this.bound?.grant(role);
  }

  /** @internal */
  public override _problems(): string[] {
    return this.check();
  }
}

/** SageMaker unpacks one tar archive, compressed with gzip, and looks at its name first. */
function archiveProblems(path: string): string[] {
  const remedy = 'pack it with tar -czf model.tar.gz -C FOLDER .';
  if (!existsSync(path)) {
    return [`the artifact ${JSON.stringify(path)} is not there (${resolve(path)}); give the path of a tar.gz file`];
  }
  if (statSync(path).isDirectory()) {
    return [`the artifact ${JSON.stringify(path)} is a folder, but SageMaker takes a tar.gz file; ${remedy}`];
  }
  const [first, second] = readFileSync(path).subarray(0, 2);
  return path.endsWith('.tar.gz') && first === 0x1f && second === 0x8b
    ? []
    : [`the artifact ${JSON.stringify(path)} is not a tar.gz file, which is what SageMaker takes; ${remedy}`];
}

/** Bucket and key of an address in S3. */
function bucketOf(scope: Construct, url: string, encryptionKey: kms.IKey | undefined): [bucket: s3.IBucket, key: string] {
  const [, bucketName, key] = /^s3:\/\/([^/]+)\/(.+)$/s.exec(url)!;
  return [s3.Bucket.fromBucketAttributes(scope, `Artifact${scope.node.children.length}`, { bucketName, encryptionKey }), key];
}

/** Let a role read one object, and see whether it is there; `grantRead` would add every action that begins like these. */
function grantObject(bucket: s3.IBucket, key: string, grantee: iam.IGrantable): void {
  iam.Grant.addToPrincipalOrResource({ grantee, actions: ['s3:GetObject'], resourceArns: [bucket.arnForObjects(key)], resource: bucket });
  iam.Grant.addToPrincipalOrResource({ grantee, actions: ['s3:ListBucket'], resourceArns: [bucket.bucketArn], resource: bucket });
  bucket.encryptionKey?.grantDecrypt(grantee);
}
