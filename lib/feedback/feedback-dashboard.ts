import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { VariantName } from '../core/names';
import type { OutcomeRule } from '../core/feedback/plan';
import type { FeedbackMetrics } from './feedback-metrics';

const COLORS = { [VariantName.PRODUCTION]: cloudwatch.Color.BLUE, [VariantName.CANDIDATE]: cloudwatch.Color.ORANGE };

const PERIOD = Duration.minutes(5);

/** What feedback says of both variants, and what it knows nothing of. */
export function feedbackDashboard(scope: Construct, title: string, metrics: FeedbackMetrics, outcome: OutcomeRule): cloudwatch.Dashboard {
  const each = (metric: (variant: keyof typeof COLORS, options: cloudwatch.MetricOptions) => cloudwatch.IMetric): cloudwatch.IMetric[] =>
    ([VariantName.PRODUCTION, VariantName.CANDIDATE] as const).map((variant) =>
      metric(variant, { label: variant, color: COLORS[variant] }),
    );
  const graph = (name: string, left: cloudwatch.IMetric[], leftYAxis: cloudwatch.YAxisProps, width = 12): cloudwatch.GraphWidget =>
    new cloudwatch.GraphWidget({ title: name, left, leftYAxis, width, height: 6 });
  return new cloudwatch.Dashboard(scope, 'Dashboard', {
    defaultInterval: Duration.hours(12),
    widgets: [
      [new cloudwatch.TextWidget({ width: 24, height: 2, markdown: `## ${title}` })],
      [
        outcome.kind === 'rating'
          ? graph('Mean rating', each((variant, options) => metrics.meanRating({ variant, options: { ...options, period: PERIOD } })), {
              min: outcome.lowest, max: outcome.highest,
            })
          : graph(
              'Right, % of the known outcomes',
              each((variant, options) => metrics.accuracy({ variant, options: { ...options, period: PERIOD } })),
              { min: 0, max: 100 },
            ),
        graph(
          'Outcomes, at the time of the inference',
          each((variant, options) => metrics.outcomes({ variant, options })),
          { min: 0 },
        ),
      ],
      [graph('Inferences that were not recorded', [metrics.lost({ label: 'lost', color: cloudwatch.Color.RED })], { min: 0 }, 24)],
    ],
  });
}
