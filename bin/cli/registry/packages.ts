import { DescribeModelPackageCommand, paginateListModelPackages, SageMakerClient } from '@aws-sdk/client-sagemaker';
import {
  groupOfArn, packageContextKey, packageOfArn, type PackageQuery, type PinnedPackage, pinOf, readPin, refusalOf,
} from '../../../lib/core/registry/pinned-package';
import { optional } from '../../../lib/core/optional';
import { CALLING, Connection, type ConnectionOptions } from '../aws/connection';
import { CliError, Exit } from '../exit';
import type { Registered } from './registered';
import { SamplePayload } from './sample-payload';

const POLICY = 'no construct: whoever looks packages up needs sagemaker:ListModelPackages and sagemaker:DescribeModelPackage';

/** One package by its ARN, or a group by its name or ARN. */
export interface PackageOptions extends ConnectionOptions {
  readonly package?: string;
  readonly group?: string;
}

/** What is asked of SageMaker's model registry. */
export async function packageOf(options: PackageOptions): Promise<Registered<PinnedPackage>> {
  const { group } = options;
  const asked = askedOf(options);
  const region = options.region ?? asked.region;
  const packages = new Packages(Connection.of({ ...options, ...optional('region', region) }));
  const newest = asked.arn ?? await packages.newestApproved(group!);
  return {
    kind: 'package',
    key: packageContextKey(asked.query ?? groupQuery(group!, newest)),
    newest,
    read: readPin,
    id: ({ arn }) => arn,
    describe: (arn) => packages.describe(arn),
    refusal: refusalOf,
    lines: ({ arn, approval, image, artifact, requests = [] }) => [
      `${arn} ${approval}`,
      `  image     ${image}`,
      ...(artifact === undefined ? [] : [`  artifact  ${artifact}`]),
      ...(requests.length === 0 ? [] : [`  tested by ${requests.map(({ name }) => name).join(', ')}`]),
    ],
  };
}

interface Asked {
  readonly arn?: string;
  readonly region?: string;
  readonly query?: PackageQuery;
}

/** What is looked for, as far as the options tell it by themselves. */
function askedOf({ package: arn, group }: PackageOptions): Asked {
  const query = arn === undefined ? groupOfArn(group!) : packageOfArn(arn);
  if (query === undefined && (arn !== undefined || group!.startsWith('arn:'))) {
    throw new CliError(
      Exit.USAGE,
      'BAD_OPTION',
      `${arn ?? group} is not an ARN of a ${arn === undefined ? 'group of model packages' : 'model package'}, such as `
        + `arn:aws:sagemaker:eu-west-1:111122223333:${arn === undefined ? 'model-package-group/fraud' : 'model-package/fraud/7'}`,
    );
  }
  return { arn, region: query?.region, query };
}

/** SageMaker's model registry, as far as packages are looked up in it. */
class Packages {
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
    const { SamplePayloadUrl: payload, InferenceSpecification: specification } = described;
    const requests = payload === undefined
      ? []
      : await new SamplePayload(this.connection).read(payload, specification?.SupportedContentTypes ?? []);
    return requests.length === 0 ? pin : { ...pin, requests };
  }
}

/** What a group's name means is known by the ARN of what was found in it. */
function groupQuery(group: string, found: string): PackageQuery {
  const { account, region } = packageOfArn(found)!;
  return { account, region, group };
}
