import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { SSMClient } from '@aws-sdk/client-ssm';
import type { KeptJudges } from '../../lib/core/rollout/judge-rollout';
import type { CellCountsReader } from './cell-counts';

export interface Observatory {
  readonly cloudWatch: Pick<CloudWatchClient, 'send'>;
  readonly lambda: Pick<LambdaClient, 'send'>;
  readonly ssm: Pick<SSMClient, 'send'>;
  readonly cells: CellCountsReader;
  /** In a rehearsal, which judges one rollout after the other within moments; a function that AWS starts anew at will keeps none. */
  readonly judges?: KeptJudges;
  readonly now: () => number;
  readonly warn: (notice: string, details: { readonly [name: string]: unknown }) => void;
}
