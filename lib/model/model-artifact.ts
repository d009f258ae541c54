import * as iam from 'aws-cdk-lib/aws-iam';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { Construct } from 'constructs';

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
    let asset: Asset | undefined;
    return new Artifact((scope) => {
      asset ??= new Asset(scope, `Artifact${scope.node.children.length}`, { path });
      const { s3ObjectUrl: url, assetHash: identity } = asset;
      return { config: { url, identity }, grant: (role) => grantObject(asset!.bucket, asset!.s3ObjectKey, role) };
    });
  }

  /** Find, or define, the artifact. */
  public abstract bind(scope: Construct): ModelArtifactConfig;

  /** Let a role read the artifact; call it after `bind`. */
  public abstract grantRead(role: iam.IGrantable): void;
}

interface Found {
  readonly config: ModelArtifactConfig;
  readonly grant: (role: iam.IGrantable) => void;
}

class Artifact extends ModelArtifact {
  private found: Found | undefined;

  constructor(private readonly find: (scope: Construct) => Found) {
    super();
  }

  public bind(scope: Construct): ModelArtifactConfig {
    this.found = this.find(scope);
    return this.found.config;
  }

  public grantRead(role: iam.IGrantable): void {
    this.found?.grant(role);
  }
}

/** Let a role read one object, and see whether it is there; `grantRead` would add every action that begins like these. */
function grantObject(bucket: s3.IBucket, key: string, grantee: iam.IGrantable): void {
  iam.Grant.addToPrincipalOrResource({ grantee, actions: ['s3:GetObject'], resourceArns: [bucket.arnForObjects(key)], resource: bucket });
  iam.Grant.addToPrincipalOrResource({ grantee, actions: ['s3:ListBucket'], resourceArns: [bucket.bucketArn], resource: bucket });
  bucket.encryptionKey?.grantDecrypt(grantee);
}
