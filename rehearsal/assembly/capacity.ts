import type { Target, TargetKind, TargetOf } from '../../lib/core/backends/backends';
import { flatten } from './flatten';

/** What serves a candidate, as far as it has a price. */
export type CandidateCapacity =
  | { readonly kind: 'gb-seconds'; readonly memoryMb: number; readonly arm: boolean }
  | { readonly kind: 'instances'; readonly type: string; readonly count: number };

interface Resource {
  readonly Type?: string;
  readonly Properties?: { readonly [name: string]: unknown };
}

const MEMORY_MB = 128;

/** By kind: what the template says of what serves a target. */
const DECLARED: {
  readonly [K in TargetKind]: (target: TargetOf<K>, resources: readonly [string, Resource][]) => CandidateCapacity | undefined;
} = {
  lambda: ({ functionArn }, resources) => functionOf(functionArn, new Map(resources)),
  sagemaker: ({ endpointName }, resources) => instancesOf(endpointName, resources),
  // On instances that are there for others too: which of them a candidate adds nobody can tell.
  'sagemaker-component': () => undefined,
  http: () => undefined,
  // By the token, which guardrails of cost compare.
  bedrock: () => undefined,
};

/** What the template says of a variant's backend; undefined where it is defined elsewhere or billed in a way that is not estimated. */
export function capacityOf(target: Target, resources: readonly [string, Resource][]): CandidateCapacity | undefined {
  const declared: (target: never, resources: readonly [string, Resource][]) => CandidateCapacity | undefined = DECLARED[target.kind];
  return declared(target as never, resources);
}

function functionOf(reference: string, resources: ReadonlyMap<string, Resource>): CandidateCapacity | undefined {
  const { Type: type, Properties: properties = {} } = resources.get(idOf(reference)) ?? {};
  if (type === 'AWS::Lambda::Version' || type === 'AWS::Lambda::Alias') {
    return functionOf(flatten(properties.FunctionName), resources);
  }
  return type === 'AWS::Lambda::Function'
    ? {
        kind: 'gb-seconds',
        memoryMb: Number(properties.MemorySize ?? MEMORY_MB),
        arm: JSON.stringify(properties.Architectures ?? '').includes('arm64'),
      }
    : undefined;
}

function instancesOf(endpointName: string, resources: readonly [string, Resource][]): CandidateCapacity | undefined {
  const of = (type: string, is: (id: string, properties: NonNullable<Resource['Properties']>) => boolean): Resource['Properties'] =>
    resources.find(([id, resource]) => resource.Type === type && is(id, resource.Properties ?? {}))?.[1].Properties;
  const endpoint = of(
    'AWS::SageMaker::Endpoint',
    (id, properties) => id === idOf(endpointName) || flatten(properties.EndpointName) === endpointName,
  );
  const config = endpoint && of('AWS::SageMaker::EndpointConfig', (id) => id === idOf(flatten(endpoint.EndpointConfigName)));
  const [variant] = (config?.ProductionVariants ?? []) as { readonly InstanceType?: string; readonly InitialInstanceCount?: number }[];
  return variant?.InstanceType === undefined
    ? undefined
    : { kind: 'instances', type: variant.InstanceType, count: Number(variant.InitialInstanceCount ?? 1) };
}

/** `<LogicalId.Attribute>` or `<LogicalId>`. */
function idOf(reference: string): string {
  return reference.replace(/^<([^.>]*).*$/, '$1');
}
