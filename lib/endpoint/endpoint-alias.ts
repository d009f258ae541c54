import { createHash } from 'node:crypto';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as logs from 'aws-cdk-lib/aws-logs';
import {
  type CfnResource,
  CfnWaitCondition,
  CfnWaitConditionHandle,
  type CustomResource,
  Lazy,
  Stack,
} from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { ControlPlane, RouteRollout } from '../control-plane/control-plane';
import type { CounterPlan } from '../core/counters/plan';
import type { FeedbackRecordPlan } from '../core/feedback/plan';
import { routeKey, VariantName } from '../core/names';
import type { LogPlan } from '../core/inference-log/record';
import { callersStick } from '../core/rollout/callers';
import { courseInWords } from '../core/rollout/in-words';
import type { RolloutPlan } from '../core/rollout/plan';
import type { CohortRule } from '../core/routing/cohort';
import type { AssignmentKey, DeclaredRoute, Mirror, Variant } from '../core/routing/route';
import { defaultTimeBudgetMs } from '../core/routing/time-budget';
import { shortDigest } from '../model/digest';
import type { Model } from '../model/model';
import type { ModelVersion } from '../model/model-version';
import { Assignment } from './assignment';
import type { BoundVariant } from './bind-variants';
import type { EndpointRouter } from './endpoint-router';
import { TargetVariantAccess } from './target-variant-access';
import type { AliasOptions, VariantOptions } from './variant';
import { acknowledge, warn } from '../validate/warn';

/** What an alias needs of its endpoint. */
export interface EndpointAliasProps {
  readonly aliasName: string;
  readonly options: Pick<AliasOptions, 'assignment' | 'targetVariantAccess'>;
  /** What is declared, production first. */
  readonly variants: readonly BoundVariant[];
  readonly endpointName: string;
  readonly router: EndpointRouter;
  readonly controlPlane: ControlPlane;
  /** Where the endpoint keeps its versions, so that aliases share those with the same digest. */
  readonly versions: Construct;
}

/** What a rollout attaches to its alias. */
export interface AttachedRollout {
  /** The rollout, whose resources must be there before the alias moves. */
  readonly scope: Construct;
  readonly plan: RolloutPlan;
  readonly serviceTimeoutSeconds: number;
  /** How long CloudFormation waits for the wait condition, where the plan's answer is one. */
  readonly waitConditionSeconds: number;
  readonly candidate?: ModelVersion;
}

/** Lets a mirror record what its shadow predicted. */
export type AdmitMirror = (shadow: string, role: iam.IRole) => void;

/** Key in the metadata of the resource that keeps a route. */
const METADATA = 'cdk-model-rollout';

const NO_ROLLOUT = 'noRollout';

/** By where an endpoint's versions are: the alias whose rollout starts them anew. */
const STARTS_ANEW = new WeakMap<Construct, string>();

/** An alias: its versions, and the route record that sends its requests to them. */
export class EndpointAlias extends Construct {
  public readonly aliasName: string;
  /** Key of the route record. */
  public readonly key: string;
  /** The versions that the template declares, production first. */
  public readonly versionsDeclared: readonly ModelVersion[];
  public readonly router: EndpointRouter;
  /** Which part of a request decides its variant. */
  public readonly assignment: AssignmentKey;
  /** Who gets a candidate before anybody else. */
  public readonly cohort?: CohortRule;
  private readonly versions: Construct;
  private readonly controlPlane: ControlPlane;
  /** Keeps the alias's route. */
  public readonly resource: CustomResource;
  private rollout?: RouteRollout;
  private attached?: Pick<AttachedRollout, 'plan' | 'candidate'>;
  private readonly mirrors: Mirror[] = [];
  /** By name of a shadow: the mirror that a rollout puts into the route by itself. */
  private readonly mirrorsOfRollout = new Map<string, Mirror | undefined>();
  private feedback?: FeedbackRecordPlan;
  private readonly counters: CounterPlan[] = [];
  /** Who records predictions of shadows, by the shadow's name, and what is to be done with each of them. */
  private readonly mirrorRoles = new Map<string, iam.IRole>();
  private admitMirror?: AdmitMirror;
  private readonly logSources: logs.ILogGroup[];
  private attachedLog?: { readonly plan: LogPlan; readonly subscribe: (source: logs.ILogGroup) => void };

  constructor(scope: Construct, id: string, props: EndpointAliasProps) {
    super(scope, id);
    const { router, controlPlane, aliasName, options, variants: bound } = props;
    this.aliasName = aliasName;
    this.key = routeKey(props.endpointName, aliasName);
    this.versionsDeclared = bound.map(({ version }) => version);
    this.router = router;
    this.versions = props.versions;
    this.controlPlane = controlPlane;
    this.logSources = [router.log];

    const assignment = options.assignment ?? Assignment.inferenceId();
    this.assignment = assignment._key();
    this.cohort = assignment._cohort(this);
    const route: DeclaredRoute = {
      schema: 1,
      variants: bound.map(({ variant, version }, index) => routeVariant(variant, version, router, index === 0)),
      assignment: this.assignment,
      ...(this.cohort && { cohort: this.cohort }),
      targetVariantAccess: (options.targetVariantAccess ?? TargetVariantAccess.nobody())._rule(this),
    };
    this.resource = controlPlane.route(
      this,
      {
        Alias: this.key,
        Route: Lazy.string({
          produce: () =>
            Stack.of(this).toJsonString({
              ...route,
              ...(this.mirrors.length > 0 && { mirrors: this.mirrors }),
              ...(this.feedback && { feedback: this.feedback }),
              ...(this.log && { log: this.log }),
              ...(this.counters.length > 0 && { counters: this.counters }),
            }),
        }),
        RouterFunction: router.function.functionArn,
      },
      router.drainSeconds,
      () => this.rollout,
    );
    // The route changes once the new versions are there and the gate may look at them; the old ones go after that.
    this.resource.node.addDependency(router, ...this.versionsDeclared);
    // Metadata: shown by `cdk diff` and change sets, and no reason for CloudFormation to call anybody.
    (this.resource.node.defaultChild as CfnResource).addMetadata(METADATA, Lazy.any({ produce: () => this.inWords(bound) }));
    if (bound.length === 1) {
      warn(
        this,
        NO_ROLLOUT,
        `a changed model behind alias ${JSON.stringify(aliasName)} gets all requests at once; attach a CanaryRollout or a BlueGreenRollout`,
      );
    }
  }

  /** Callers with the same key are served by the same variant. */
  public get sticky(): boolean {
    return callersStick(this);
  }

  /** Requests that come after one another are served by the same variant: those of a caller, or of a conversation. */
  public get keepsTogether(): boolean {
    return this.assignment.source !== 'inference-id';
  }

  public get hasRollout(): boolean {
    return this.rollout !== undefined;
  }

  /**
   * What is served and what becomes of a change, for whoever compares two templates. The version is in both, so that both differ where it
   * does.
   */
  private inWords(bound: readonly BoundVariant[]): object {
    const declared =
      bound.length === 1
        ? { model: bound[0].version._words }
        : Object.fromEntries(bound.map(({ variant, version }) => [`variant ${variant.name}`, version._words]));
    const { candidate, plan } = this.attached ?? {};
    return {
      ...declared,
      ...(candidate === undefined ? {} : { candidate: candidate._words }),
      ...(bound.length === 1 ? { then: courseInWords(shortDigest((candidate ?? bound[0].version).digest), plan) } : {}),
    };
  }

  /** Define the version of a second model beside the declared ones; once it is declared itself, it is the same version. */
  public bindCandidate(model: Model): ModelVersion {
    return model.bind(this.versions, { invoker: this.router.role, timeout: this.router.timeout });
  }

  /** From now on a changed model moves by the plan. */
  public attachRollout({ scope, plan, candidate, ...times }: AttachedRollout): void {
    const stack = Stack.of(this);
    this.attached = { plan, candidate };
    const handle = plan.answer === 'wait-condition' ? this.waitFor(times.waitConditionSeconds) : undefined;
    this.rollout = {
      Plan: stack.toJsonString(plan),
      Candidate: candidate && stack.toJsonString({
        ...routeVariant({ name: VariantName.CANDIDATE }, candidate, this.router, false),
        ...(plan.candidateTimeBudgetMs === undefined ? {} : { timeBudgetMs: plan.candidateTimeBudgetMs }),
      }),
      WaitHandle: handle,
      serviceTimeoutSeconds: times.serviceTimeoutSeconds,
    };
    this.resource.node.addDependency(scope, ...this.controlPlane.rollouts().dependables, ...(candidate === undefined ? [] : [candidate]));
    // Takes back the warning above.
    acknowledge(this, NO_ROLLOUT, 'a rollout is attached');
  }

  /** The alias whose rollout may start versions of the endpoint anew: the first that asks. */
  public startsAnew(): string {
    const first = STARTS_ANEW.get(this.versions) ?? this.aliasName;
    STARTS_ANEW.set(this.versions, first);
    return first;
  }

  /** From now on the mirror is part of the route; `scope`, which defines it, is there before the route and goes after it. */
  public attachMirror(scope: Construct, mirror: Mirror, role: iam.IRole): void {
    if (this.isOfRollout(mirror.name)) {
      this.mirrorsOfRollout.set(mirror.name, mirror);
    } else {
      this.mirrors.push(mirror);
    }
    this.mirrorRoles.set(mirror.name, role);
    this.admitMirror?.(mirror.name, role);
    this.resource.node.addDependency(scope);
  }

  /**
   * The mirror that is attached next under this name is a rollout's, and in no declared route. Returns what gives it once it is attached.
   */
  public mirrorOfRollout(name: string): () => Mirror {
    this.mirrorsOfRollout.set(name, undefined);
    return () => this.mirrorsOfRollout.get(name)!;
  }

  /** The name is that of a rollout's mirror, which asks the version that is declared. */
  public isOfRollout(name: string): boolean {
    return this.mirrorsOfRollout.has(name);
  }

  /** From now on inferences are recorded for feedback; `scope`, which defines where, is there before the route and goes after it. */
  public attachFeedback(scope: Construct, feedback: FeedbackRecordPlan, admitMirror: AdmitMirror): void {
    this.feedback = feedback;
    this.admitMirror = admitMirror;
    this.mirrorRoles.forEach((role, shadow) => admitMirror(shadow, role));
    this.resource.node.addDependency(scope);
  }

  /**
   * From now on requests are counted by a part of them. Counts of cells that mean something else have another name, so that they are never
   * mixed.
   * The same counter, attached twice, is one.
   */
  public attachCounter(counter: Omit<CounterPlan, 'table'>): CounterPlan {
    const { by, cells, values } = counter;
    const name = `${counter.name}-${createHash('sha256').update(JSON.stringify([by, cells, values])).digest('hex').slice(0, 8)}`;
    const known = this.counters.findIndex((other) => other.name === name);
    if (known >= 0) {
      return (this.counters[known] = { ...this.counters[known], ...(counter.slow === true ? { slow: true } : {}) });
    }
    const attached = { ...counter, name, table: this.controlPlane.counters().tableName };
    this.counters.push(attached);
    this.resource.node.addDependency(this.router.admitCounting());
    return attached;
  }

  /** How feedback is judged, once it is attached. */
  public get feedbackPlan(): FeedbackRecordPlan | undefined {
    return this.feedback;
  }

  /** The mirror of a rollout is to be attached under this name. */
  public awaitsMirror(name: string): boolean {
    return this.isOfRollout(name) && this.mirrorsOfRollout.get(name) === undefined;
  }

  public hasMirror(name: string): boolean {
    return this.mirrors.some((mirror) => mirror.name === name) || this.mirrorsOfRollout.get(name) !== undefined;
  }

  /** What is logged of the alias's inferences, if anything is. */
  public get log(): LogPlan | undefined {
    return this.attachedLog?.plan;
  }

  /** A log to which a function writes records of the alias's inferences. */
  public addLogSource(source: logs.ILogGroup): void {
    this.logSources.push(source);
    this.attachedLog?.subscribe(source);
  }

  /**
   * From now on the plan is part of the route, and `subscribe` is told of every log with records, those that come later too; `scope`, which
   * keeps the records, is there before the route and goes after it.
   */
  public attachLog(scope: Construct, plan: LogPlan, subscribe: (source: logs.ILogGroup) => void): void {
    this.attachedLog = { plan, subscribe };
    this.logSources.forEach(subscribe);
    this.resource.node.addDependency(scope);
  }

  /**
   * A condition that holds CloudFormation until the controller has decided on the declared version. A condition can be met once and
   * cannot be updated, so every version has its own, and another one when the time changes.
   */
  private waitFor(seconds: number): string {
    const id = `${shortDigest(this.versionsDeclared[0].digest)}-${seconds}`;
    const handle = new CfnWaitConditionHandle(this, `Handle-${id}`);
    const condition = new CfnWaitCondition(this, `Verdict-${id}`, { handle: handle.ref, timeout: String(seconds), count: 1 });
    condition.node.addDependency(this.resource);
    return handle.ref;
  }
}

function routeVariant(variant: Omit<VariantOptions, 'model'>, version: ModelVersion, router: EndpointRouter, production: boolean): Variant {
  return {
    name: variant.name,
    role: production ? 'production' : 'candidate',
    version: version.digest,
    weight: variant.weight ?? 1,
    timeBudgetMs: production ? router.timeoutMs : (variant.timeBudget?.toMilliseconds() ?? defaultTimeBudgetMs(router.timeoutMs)),
    target: version._target(),
  };
}
