import {
  CfnElement,
  CfnResource,
  DefaultTokenResolver,
  type IPostProcessor,
  type IResolvable,
  type IResolveContext,
  Reference,
  Stack,
  Stage,
  Token,
  Tokenization,
} from 'aws-cdk-lib/core';
import { RegionInfo } from 'aws-cdk-lib/region-info';
import type { IConstruct } from 'constructs';
import { CHANGES_IN_PLACE, RESOURCE_KINDS } from './resource-kinds';

type Members = { readonly [member: string]: unknown };

/** Where a value is in the description, for what is said of it. */
type Path = readonly string[];

/** Members that stand for something. They look like functions of CloudFormation, so that CDK lets them pass where it wants a text. */
export const TEXT = 'Fn::Text';
export const STANDS_FOR = 'Fn::StandsFor';
const TOKEN = 'Fn::Token';

/** The member of a description with what answers requests and is made elsewhere. */
const SERVES = 'serves';

/**
 * What a description is once every token in it has become what it stands for. It is the same wherever the same thing is deployed: it knows
 * no path of a construct, no stage, neither account nor region of its own stack, and of an asset only its hash.
 *
 * - What has content that never changes (a layer, a parameter of the stack) is its content.
 * - A resource with a name that the user chose is that name.
 * - Any other resource is its logical id, and what CloudFormation would replace it for: what replaces it has other content.
 * - A value that is known only at deployment cannot be told. It is a problem, or its mere kind where a label stands for it.
 */
export class Identity {
  public readonly problems: string[] = [];
  private readonly stack: Stack;
  /** What names the place of the stack, by the pseudo parameter for it. */
  private readonly place: ReadonlyMap<string, string>;
  private readonly tokens: (Reference | undefined)[] = [];
  private readonly within = new Set<IConstruct>();

  constructor(
    private readonly scope: IConstruct,
    private readonly labelled: boolean,
  ) {
    this.stack = Stack.of(scope);
    const { account, region } = this.stack;
    this.place = new Map(
      [
        [region, 'AWS::Region'],
        [account, 'AWS::AccountId'],
      ].flatMap(([value, name]) => (Token.isUnresolved(value) ? [] : [[value, name]])),
    );
  }

  public of(description: Members): unknown {
    return this.plain(this.resolve(description, this.scope, true), [], this.stack);
  }

  /** A value without tokens, but with marks where there were references, and lazy values unless these are wanted. */
  private resolve(value: unknown, scope: IConstruct, strict: boolean): unknown {
    return Tokenization.resolve(value, { scope, preparing: false, resolver: new MarkingResolver(this.tokens, strict) });
  }

  private plain(value: unknown, at: Path, stack: Stack): unknown {
    if (typeof value === 'string') {
      return this.text([value], at);
    }
    if (Array.isArray(value)) {
      return value.map((item, index) => this.plain(item, [...at, String(index)], stack));
    }
    if (value === null || typeof value !== 'object') {
      return value;
    }
    const entries = Object.entries(value);
    const known = entries.length === 1 ? this.intrinsic(entries[0][0], entries[0][1], at, stack) : undefined;
    return known ?? withoutPlace(Object.fromEntries(entries.map(([member, item]) => [member, this.plain(item, [...at, member], stack)])));
  }

  /** What a function of CloudFormation, or a mark, stands for; undefined where it is neither. */
  private intrinsic(name: string, argument: unknown, at: Path, stack: Stack): unknown {
    const list: readonly unknown[] = Array.isArray(argument) ? argument : [];
    const each = (items: readonly unknown[]): unknown[] => items.map((item) => this.plain(item, at, stack));
    switch (name) {
      case TOKEN:
        return this.token(this.tokens[argument as number], at);
      case TEXT:
        return this.text(each(list), at);
      case 'Ref':
        return this.named(String(argument), 'Ref', at, stack);
      case 'Fn::GetAtt': {
        const [id, attribute] = typeof argument === 'string' ? argument.split(/\.(.*)/s) : list;
        return this.named(String(id), String(attribute), at, stack);
      }
      case 'Fn::Join': {
        const [delimiter, items] = list;
        return Array.isArray(items)
          ? this.text(
              each(items).flatMap((item, index) => (index === 0 ? [item] : [delimiter, item])),
              at,
            )
          : undefined;
      }
      case 'Fn::Sub':
        return this.substituted(argument, at, stack);
      case 'Fn::If':
      case 'Fn::FindInMap':
        return standsFor([name, this.declaredAs(list[0], at, stack), ...each(list.slice(1))]);
      case 'Condition':
        return this.declaredAs(argument, at, stack);
      case 'Fn::Transform':
        return this.untold(at, 'is what a macro makes of it', 'macro');
      default:
        return undefined;
    }
  }

  private substituted(argument: unknown, at: Path, stack: Stack): unknown {
    const [pattern, variables = {}] = (Array.isArray(argument) ? argument : [argument]) as [string, Members?];
    // Every other part is a name.
    const parts = pattern.split(/\$\{([^}]+)\}/).map((part, index) => {
      const [id, attribute = 'Ref'] = part.split(/\.(.*)/s);
      if (index % 2 === 0 || part.startsWith('!')) {
        return index % 2 === 0 ? part : `\${${part.slice(1)}}`;
      }
      return part in variables ? this.plain(variables[part], at, stack) : this.named(id, attribute, at, stack);
    });
    return this.text(parts, at);
  }

  /** A text of its parts: texts side by side are one, and what names the stack's place is a reference to it. */
  private text(parts: readonly unknown[], at: Path): unknown {
    const flat = parts.flatMap(partsOf);
    this.tellDynamic(flat.map((part) => (typeof part === 'string' ? part : '…')).join(''), at);
    const merged: unknown[] = [];
    for (const part of flat.flatMap((each) => (typeof each === 'string' ? this.placed(each) : [each]))) {
      const last = merged.at(-1);
      if (typeof part === 'string' && typeof last === 'string') {
        merged[merged.length - 1] = last + part;
      } else if (part !== '') {
        merged.push(part);
      }
    }
    return merged.length > 1 ? { [TEXT]: merged } : (merged[0] ?? '');
  }

  private placed(text: string): unknown[] {
    if (this.place.size === 0) {
      return [text];
    }
    const { region } = this.stack;
    const partition = (Token.isUnresolved(region) ? undefined : RegionInfo.get(region).partition) ?? 'unknown';
    const names = new RegExp(`(?<![\\w-])(${[...this.place.keys()].join('|')})(?!\\w)|(?<=\\barn:)(${partition})(?=:)`);
    // Every third part is account or region, the one after it a partition; both are undefined where the other is there.
    return text.split(names).flatMap((part: string | undefined, index) => {
      if (part === undefined) {
        return [];
      }
      return index % 3 === 0 ? [part] : [pseudo(index % 3 === 1 ? this.place.get(part)! : 'AWS::Partition')];
    });
  }

  /** A dynamic reference is read by CloudFormation whenever it touches the resource; only one with a fixed version is always the same. */
  private tellDynamic(text: string, at: Path): void {
    for (const [reference, service, rest] of text.matchAll(/\{\{resolve:([\w-]+):(.*?)\}\}/gs)) {
      if (!(service === 'secretsmanager' ? /:SecretString:[^:]*:[^:]*:[^:]+$/ : /:\d+$/).test(rest)) {
        this.untold(at, `is ${JSON.stringify(reference)}, which CloudFormation reads at deployment`, 'dynamic reference');
      }
    }
  }

  private token(reference: Reference | undefined, at: Path): unknown {
    if (reference === undefined) {
      return this.untold(at, 'is a lazy value, known only after synthesis', 'lazy value');
    }
    const { target, displayName } = reference;
    return displayName.startsWith('AWS::') || !CfnElement.isCfnElement(target)
      ? pseudo(displayName)
      : this.referred(target, displayName, at);
  }

  private named(id: string, attribute: string, at: Path, stack: Stack): unknown {
    const element = id.startsWith('AWS::') ? undefined : elementOf(stack, id);
    return element === undefined ? pseudo(attribute === 'Ref' ? id : `${id}.${attribute}`) : this.referred(element, attribute, at);
  }

  private referred(element: CfnElement, attribute: string, at: Path): unknown {
    if (!CfnResource.isCfnResource(element)) {
      const asset = assetOfParameter(element);
      return asset === undefined
        ? this.untold(at, `is the value of parameter ${JSON.stringify(element.node.id)}, which only CloudFormation knows`, 'parameter')
        : standsFor({ asset });
    }
    const type = element.cfnResourceType;
    if (at[0] === SERVES && this.within.size === 0 && CHANGES_IN_PLACE[type] !== undefined) {
      return this.untold(
        [],
        `serves by is ${element.node.path}, an ${type} that this app changes in place, for all requests at once`,
        type,
        CHANGES_IN_PLACE[type],
      );
    }
    const stack = Stack.of(element);
    const where = {
      type,
      attribute,
      stack: stack === this.stack ? undefined : pathInStage(stack),
      id: stack.resolve(element.logicalId) as string,
    };
    if (this.within.has(element)) {
      return standsFor(where);
    }
    this.within.add(element);
    try {
      return this.resource(element, type, attribute, where, at);
    } finally {
      this.within.delete(element);
    }
  }

  private resource(element: CfnElement, type: string, attribute: string, where: Members, at: Path): unknown {
    const { Properties: declared = {} } = this.declared(element) as { readonly Properties?: Members };
    const property = (name: string): unknown => this.plain(declared[name], at, Stack.of(element));
    const kind = RESOURCE_KINDS[type];
    const content = kind?.content?.[attribute];
    if (content !== undefined) {
      return property(content);
    }
    if (kind?.name !== undefined && declared[kind.name] !== undefined) {
      const name = property(kind.name);
      return kind.refIsName === true && attribute === 'Ref' ? name : standsFor({ type, attribute, name });
    }
    const counted = kind?.replacedBy ?? Object.keys(declared).filter((name) => name !== 'Tags');
    return standsFor({ ...where, properties: Object.fromEntries(counted.map((name) => [name, property(name)])) });
  }

  /** A condition or a mapping as the template declares it. */
  private declaredAs(id: unknown, at: Path, stack: Stack): unknown {
    const element = typeof id === 'string' ? elementOf(stack, id) : undefined;
    return element === undefined ? this.plain(id, at, stack) : this.plain(this.declared(element), at, stack);
  }

  /** What the template says of an element. CDK itself looks at functions in this way, for the ids of their versions. */
  private declared(element: CfnElement): unknown {
    const template = (element as unknown as { _toCloudFormation(): object })._toCloudFormation();
    const [section] = Object.values(this.resolve(template, element, false) as { readonly [section: string]: Members });
    return Object.values(section)[0];
  }

  /** A value that cannot be told. */
  private untold(
    at: Path,
    what: string,
    kind: string,
    remedy = 'give the value itself, or one that is read at synthesis (context, valueFromLookup)',
  ): unknown {
    if (!this.labelled) {
      const inside = at.findIndex(isFunction);
      const place = at
        .slice(0, inside < 0 ? undefined : inside)
        .filter((part) => part !== SERVES)
        .join('.');
      this.problems.push(
        `${place === '' ? 'what a model' : `${place} of a model`} ${what}, so that its version cannot be told and another value would `
          + 'reach production without a rollout; ' +
          `${remedy}, or give the model a version, a label that you change with it`,
      );
    }
    return standsFor(kind);
  }
}

/** Leaves marks for what is to be looked at more closely. */
class MarkingResolver extends DefaultTokenResolver {
  constructor(private readonly tokens: (Reference | undefined)[], private readonly strict: boolean) {
    // A reference is not text here, so a text around one becomes a list of its parts.
    super({ join: (left, right) => ({ [TEXT]: [...partsOf(left), ...partsOf(right)] }) });
  }

  public override resolveToken(token: IResolvable, context: IResolveContext, postProcessor: IPostProcessor): unknown {
    if (Reference.isReference(token)) {
      return { [TOKEN]: this.tokens.push(token) - 1 };
    }
    // By what it says of itself: the token may come from another copy of aws-cdk-lib, whose classes are others.
    // Ids inside of functions are lazy too, and final but for a change that the end of the synthesis shows.
    if (this.strict && (token as { toJSON?(): unknown }).toJSON?.() === '<unresolved-lazy>' && !context.documentPath.some(isFunction)) {
      return { [TOKEN]: this.tokens.push(undefined) - 1 };
    }
    return super.resolveToken(token, context, postProcessor);
  }
}

function isFunction(member: string): boolean {
  return /^(?:Ref|Condition|Fn::.*)$/.test(member);
}

function partsOf(fragment: unknown): unknown[] {
  const parts = (fragment as { readonly [TEXT]?: unknown } | null | undefined)?.[TEXT];
  if (fragment === undefined) {
    return [];
  }
  if (Array.isArray(parts)) {
    return parts;
  }
  return [fragment];
}

function standsFor(what: unknown): unknown {
  return { [STANDS_FOR]: what };
}

function pseudo(name: string): unknown {
  return standsFor({ ref: name });
}

/** Code, an artifact or an image whose name is the SHA-256 of its content, as assets have it, is that alone, wherever it is. */
function withoutPlace(members: Members): unknown {
  for (const [bucket, key] of [['S3Bucket', 'S3Key'], ['bucketName', 'objectKey']]) {
    const hash = hashAtEnd(members[key], /([0-9a-f]{64})(?:\.[\w.]+)?$/) ?? legacyHash(members[key]);
    if (members[bucket] !== undefined && hash !== undefined) {
      return { ...members, [bucket]: undefined, [key]: standsFor({ asset: hash }) };
    }
  }
  for (const image of ['image', 'imageUri', 'Image', 'ImageUri']) {
    const hash = hashAtEnd(members[image], /[:@][\w.:-]*([0-9a-f]{64})$/);
    if (hash !== undefined) {
      return { ...members, [image]: standsFor({ asset: hash }) };
    }
  }
  return members;
}

function hashAtEnd(value: unknown, pattern: RegExp): string | undefined {
  const last = partsOf(value).at(-1);
  return typeof last === 'string' ? pattern.exec(last)?.[1] : undefined;
}

/** The legacy synthesizer cuts the key of an asset out of a parameter that names it. */
function legacyHash(key: unknown): string | undefined {
  return /"asset":"([0-9a-f]{64})"/.exec(JSON.stringify(key) ?? '')?.[1];
}

/** The hash of the asset whose place the legacy synthesizer's parameter tells. */
function assetOfParameter(element: IConstruct): string | undefined {
  const { scope } = element.node;
  return scope?.node.scope?.node.id === 'AssetParameters' && /^[0-9a-f]{64}$/.test(scope.node.id) ? scope.node.id : undefined;
}

function elementOf(stack: Stack, id: string): CfnElement | undefined {
  return stack.node
    .findAll()
    .find(
      (child): child is CfnElement => CfnElement.isCfnElement(child) && Stack.of(child) === stack && stack.resolve(child.logicalId) === id,
    );
}

function pathInStage(stack: Stack): string {
  return stack.node.path.slice(Stage.of(stack)?.node.path.length ?? 0);
}
