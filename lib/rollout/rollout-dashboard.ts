import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type * as logs from 'aws-cdk-lib/aws-logs';
import { Duration, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { routeKey, VariantName } from '../core/names';
import { duration } from '../core/text';
import type { Stage } from '../core/rollout/plan';
import { placeOf } from '../core/rollout/stages';
import type { EndpointMetricOptions } from '../endpoint/endpoint-metrics';
import type { ModelEndpoint } from '../endpoint/model-endpoint';
import { isEvidence } from '../core/guardrails/kinds';
import type { RolloutAlarms } from './rollout-alarms';
import type { RolloutInParts } from './rollout-plan';

interface RolloutDashboardProps {
  readonly name?: string;
  readonly endpoint: ModelEndpoint;
  readonly aliasName: string;
  readonly stages: readonly Stage[];
  /** Recorded requests are replayed before any traffic. */
  readonly replays: boolean;
  readonly alarms: readonly cloudwatch.IAlarmRef[];
  /** Production's version is started anew and compared with. */
  readonly control: boolean;
  /** Where evidence takes the candidate back: what it takes, and the combined guardrails' names. */
  readonly evidence?: { readonly logThreshold: number; readonly guardrails: readonly string[] };
  readonly controllerLog: logs.ILogGroupRef;
}

const COLORS = { production: cloudwatch.Color.BLUE, candidate: cloudwatch.Color.ORANGE, control: cloudwatch.Color.GREY };

/** The dashboard of a rollout, unless it was turned off. */
export function dashboardOf(rollout: RolloutInParts, { evidenceAlarm }: RolloutAlarms): cloudwatch.Dashboard | undefined {
  const { scope, options, course, endpoint, alias, control, judged, replay, schedule } = rollout;
  if (options.dashboard === false) {
    return undefined;
  }
  return rolloutDashboard(scope, {
    name: options.dashboardName,
    endpoint,
    aliasName: alias.aliasName,
    stages: schedule.stages,
    replays: replay !== undefined,
    control: course.control !== undefined,
    alarms: [...judged.guardrails.flatMap(({ alarm }) => alarm ?? []), ...(evidenceAlarm === undefined ? [] : [evidenceAlarm])],
    evidence: evidenceAlarm && {
      logThreshold: -Math.log(judged.judgement!.alpha),
      guardrails: judged.plans.filter((plan) => isEvidence(plan) && plan.action === 'rollback').map(({ name }) => name),
    },
    controllerLog: control.controller.function.logGroup,
  });
}

/**
 * What a rollout looks like: the candidate's share over time, requests, failures and latency of both versions and of a control, the
 * guardrails' alarms, the evidence on its way to the line from which it takes the candidate back, and the last decisions with their
 * sentences. The evidence of each guardrail is in these sentences: only the combined one, which decides, is a metric.
 *
 * A dashboard is defined before the rollout and cannot be annotated while it is under way, so the steps show in the series of the
 * candidate's share and in the table of decisions, not as marks.
 */
function rolloutDashboard(scope: Construct, props: RolloutDashboardProps): cloudwatch.Dashboard {
  const { endpoint, aliasName, alarms, evidence } = props;
  const { metrics } = endpoint;
  const variants = [VariantName.PRODUCTION, VariantName.CANDIDATE, ...(props.control ? [VariantName.CONTROL] : [])];
  const each = (metric: (options: EndpointMetricOptions) => cloudwatch.IMetric): cloudwatch.IMetric[] =>
    variants.map((variant) => metric({ alias: aliasName, variant, options: { label: variant, color: COLORS[variant] } }));
  const failureRate = (variant: VariantName): cloudwatch.IMetric =>
    new cloudwatch.MathExpression({
      label: `${variant}, %`,
      color: COLORS[variant],
      period: Duration.minutes(1),
      expression: `100 * f_${variant} / r_${variant}`,
      usingMetrics: {
        [`f_${variant}`]: metrics.failures({ alias: aliasName, variant }),
        [`r_${variant}`]: metrics.invocations({ alias: aliasName, variant }),
      },
    });
  const unanswered = [
    metrics.failures({ alias: aliasName, options: { label: 'of production', color: COLORS.production } }),
    metrics.fallbackFailures({
      alias: aliasName,
      options: { label: 'of the candidate, whom production was asked for', color: COLORS.candidate },
    }),
  ];
  const latency = (statistic: string): cloudwatch.IMetric[] =>
    variants.map((variant) =>
      metrics.modelLatency({ alias: aliasName, variant, options: { label: `${variant} ${statistic}`, color: COLORS[variant], statistic } }),
    );
  const graph = (title: string, left: cloudwatch.IMetric[], leftYAxis?: cloudwatch.YAxisProps): cloudwatch.GraphWidget =>
    new cloudwatch.GraphWidget({ title, left, leftYAxis, width: 12, height: 6 });

  return new cloudwatch.Dashboard(scope, 'Dashboard', {
    dashboardName: props.name,
    defaultInterval: Duration.hours(3),
    widgets: [
      [new cloudwatch.TextWidget({ width: 24, height: 4, markdown: about(scope, props) })],
      ...(alarms.length === 0
        ? []
        : [[new cloudwatch.AlarmStatusWidget({ title: 'Guardrails', width: 24, height: 3, alarms: [...alarms] })]]),
      [
        graph(
          'Share of the candidate, %',
          [metrics.candidateWeight({ alias: aliasName, options: { label: 'candidate', color: COLORS.candidate } })],
          { min: 0, max: 100 },
        ),
        graph(
          'Requests',
          each((options) => metrics.invocations(options)),
          { min: 0 },
        ),
      ],
      [
        graph('Failed requests, %', variants.map(failureRate), { min: 0 }),
        graph('Latency, ms', [...latency(Stats.p(50)), ...latency(Stats.p(99))], { min: 0 }),
      ],
      [
        graph('Requests that nobody answered', unanswered, { min: 0 }),
        graph(
          'Requests that production was asked for the candidate',
          [metrics.fallbackInvocations({ alias: aliasName, options: { label: 'requests', color: COLORS.production } })],
          { min: 0 },
        ),
      ],
      ...(evidence === undefined
        ? []
        : [
            [
              new cloudwatch.GraphWidget({
                title: `Evidence against the candidate (${evidence.guardrails.join(', ')}), ln`,
                left: [metrics.logEvidence({ alias: aliasName, options: { label: 'evidence', color: COLORS.candidate } })],
                leftAnnotations: [
                  {
                    value: evidence.logThreshold,
                    label: `rolled back from here: ${Number(Math.exp(evidence.logThreshold).toPrecision(3))} to 1`,
                    color: cloudwatch.Color.RED,
                    fill: cloudwatch.Shading.ABOVE,
                  },
                ],
                width: 24,
                height: 6,
              }),
            ],
          ]),
      [
        new cloudwatch.LogQueryWidget({
          title: 'Decisions',
          width: 24,
          height: 8,
          logGroupNames: [props.controllerLog.logGroupRef.logGroupName],
          queryLines: [
            'fields @timestamp, message, verdict, sentence',
            `filter alias = "${routeKey(endpoint.endpointName, aliasName)}" and ispresent(verdict)`,
            'sort @timestamp desc',
            'limit 50',
          ],
        }),
      ],
    ],
  });
}

function about(scope: Construct, { endpoint, aliasName, stages, replays }: RolloutDashboardProps): string {
  const key = routeKey(endpoint.endpointName, aliasName);
  const steps = stages
    .map((stage) => `${placeOf(stage)} for ${duration(stage.bakeSeconds)}${stage.approval ? ' (after approval)' : ''}`)
    .join(', ');
  const stack = Stack.of(scope).stackName;
  return [
    `## ${key}`,
    `${replays ? 'Recorded requests to both versions, then ' : ''}${steps}, then production.`,
    '',
    `\`model-rollout status ${key} --stack ${stack}\` · \`model-rollout history ${key} --stack ${stack}\` · \`model-rollout abort `
      + `${key} --stack ${stack}\``,
  ].join('\n');
}
