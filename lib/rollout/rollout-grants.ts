import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { RolloutControl } from '../control-plane/rollout-control';
import { failTogether } from '../validate/fail-together';
import type { ModelEndpoint } from '../endpoint/model-endpoint';

/** Where the candidate alone answers. */
interface Preview {
  readonly endpoint: ModelEndpoint;
  readonly alias: string;
}

/**
 * Permissions on a rollout. Reading is limited to the rollout's alias. The functions that take orders serve all rollouts of the stack,
 * so whoever may stop or move on one of them may do so with all; stacks of their own keep them apart.
 */
export class RolloutGrants {
  /** @internal */
  public static _of(scope: Construct, control: RolloutControl, alias: string, preview: Preview | undefined): RolloutGrants {
    return new RolloutGrants(scope, control, alias, preview);
  }

  private constructor(
    private readonly scope: Construct,
    private readonly control: RolloutControl,
    private readonly alias: string,
    private readonly preview: Preview | undefined,
  ) {}

  /** Let a grantee stop the rollout, which puts production back, and see what it does. */
  public abort(grantee: iam.IGrantable): iam.Grant {
    return this.order(grantee, this.control.abort.function.functionArn);
  }

  /** Let a grantee pause, resume, approve, promote and retry the rollout, and see what it does. It may not stop it. */
  public operate(grantee: iam.IGrantable): iam.Grant {
    return this.order(grantee, this.control.operate.function.functionArn);
  }

  /** Let a grantee see what the rollout does and did. */
  public read(grantee: iam.IGrantable): iam.Grant {
    const [first, ...others] = this.control.readStatements(this.alias).map((statement) =>
      iam.Grant.addToPrincipal({
        grantee,
        actions: statement.actions,
        resourceArns: statement.resources,
        conditions: statement.conditions as { [key: string]: { [key: string]: any } },
      }),
    );
    return others.reduce((all, grant) => all.combine(grant), first);
  }

  /** Let a grantee call the candidate at the preview alias, on an endpoint with IAM authentication. */
  public invokePreview(grantee: iam.IGrantable): iam.Grant {
    failTogether(this.preview === undefined ? ['the rollout has no preview alias; set previewAlias'] : [], this.scope);
    return this.preview!.endpoint.grants.invoke(grantee, this.preview!.alias);
  }

  private order(grantee: iam.IGrantable, functionArn: string): iam.Grant {
    return iam.Grant.addToPrincipal({ grantee, actions: ['lambda:InvokeFunction'], resourceArns: [functionArn] }).combine(
      this.read(grantee),
    );
  }
}
