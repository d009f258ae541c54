import { DescribeModelPackageCommand, paginateListModelPackages, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { type PackageQuery, packageOfArn, type PinnedPackage, pinOf } from '../../../lib/core/registry/pinned-package';
import { CliError, Exit } from '../exit';
import { CALLING, type Connection } from './connection';

const POLICY = 'no construct: whoever looks packages up needs sagemaker:ListModelPackages and sagemaker:DescribeModelPackage';

/** SageMaker's model registry, as far as packages are looked up in it. */
export class Registry {
  private readonly sageMaker: SageMakerClient;

  constructor(private readonly connection: Connection) {
    this.sageMaker = new SageMakerClient({ ...connection.options, ...CALLING });
  }

  /** ARN of the newest approved package of a group, by its name or ARN. */
  async newestApproved(group: string): Promise<string> {
    const arn = await this.connection.call('sagemaker:ListModelPackages', POLICY, async () => {
      const pages = paginateListModelPackages({ client: this.sageMaker }, {
        ModelPackageGroupName: group, ModelApprovalStatus: 'Approved', ModelPackageType: 'Versioned',
        SortBy: 'CreationTime', SortOrder: 'Descending',
      });
      for await (const { ModelPackageSummaryList: packages = [] } of pages) {
        const newest = packages.find(({ ModelPackageStatus: status, ModelLifeCycle: life }) =>
          status === 'Completed' && life?.Stage?.toLowerCase() !== 'archived');
        if (newest !== undefined) {
          return newest.ModelPackageArn;
        }
      }
      return undefined;
    });
    if (arn === undefined) {
      throw new CliError(
        Exit.NOT_FOUND,
        'NO_PACKAGE',
        `group ${group} has no approved model package that is complete and not archived; approve one, or name the package with --package`,
      );
    }
    return arn;
  }

  /** A package as the app's context keeps it. */
  async describe(arn: string): Promise<PinnedPackage> {
    const described = await this.connection.call('sagemaker:DescribeModelPackage', POLICY, () =>
      this.sageMaker.send(new DescribeModelPackageCommand({ ModelPackageName: arn })));
    const pin = pinOf(described);
    if ('problem' in pin) {
      throw new CliError(Exit.FAILED, 'PACKAGE_UNFIT', pin.problem);
    }
    return pin;
  }
}

/** What a group's name means is known by the ARN of what was found in it. */
export function groupQuery(group: string, found: string): PackageQuery {
  const { account, region } = packageOfArn(found)!;
  return { account, region, group };
}
