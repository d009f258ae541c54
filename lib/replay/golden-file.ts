import { readFileSync, statSync } from 'node:fs';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { Construct } from 'constructs';
import { type GoldenSurvey, surveyGolden } from '../core/replay/golden';
import { MOST_GOLDEN_BYTES } from '../core/replay/plan';
import type { BoundSource, RecordedSource } from './recorded-source';

/** @see Replay.goldenFile */
export class GoldenFile implements RecordedSource {
  public readonly name: string;

  constructor(private readonly path: string) {
    this.name = `golden requests ${JSON.stringify(path)}`;
  }

  public survey(labelPath: string | undefined): GoldenSurvey | undefined {
    return this.unreadable().length > 0 ? undefined : surveyGolden(readFileSync(this.path), labelPath);
  }

  public problems(): string[] {
    return this.unreadable();
  }

  public bind(scope: Construct): BoundSource {
    const asset = new Asset(scope, 'Golden', { path: this.path });
    return {
      source: { kind: 'object', bucket: asset.s3BucketName, key: asset.s3ObjectKey },
      statements: [new iam.PolicyStatement({ actions: ['s3:GetObject'], resources: [asset.bucket.arnForObjects(asset.s3ObjectKey)] })],
    };
  }

  private unreadable(): string[] {
    let size: number;
    try {
      const found = statSync(this.path);
      if (!found.isFile()) {
        return [`${this.name} is not a file; give one with a JSON object on each line`];
      }
      ({ size } = found);
    } catch (error) {
      return [`${this.name} cannot be read (${(error as { code?: string }).code}); give a path relative to where the app runs`];
    }
    return size <= MOST_GOLDEN_BYTES
      ? []
      : [`${this.name} has ${size} bytes, but may have ${MOST_GOLDEN_BYTES}; keep fewer or smaller requests`];
  }
}
