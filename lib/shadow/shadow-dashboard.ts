import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { binCount, type BinsMeasure } from '../core/routing/measures';
import type { ShadowMetrics } from './shadow-metrics';

/** What a shadow looks like beside production: agreement, outcomes, the size of differences, latency, and what mirroring costs callers. */
export function shadowDashboard(
  scope: Construct,
  title: string,
  metrics: ShadowMetrics,
  { outputs, judges }: { readonly outputs: readonly BinsMeasure[]; readonly judges: boolean },
): cloudwatch.Dashboard {
  const graph = (name: string, left: cloudwatch.IMetric[], leftYAxis: cloudwatch.YAxisProps = { min: 0 }): cloudwatch.GraphWidget =>
    new cloudwatch.GraphWidget({ title: name, left, leftYAxis, width: 12, height: 6 });
  const { BLUE: blue, ORANGE: orange, RED: red, GREEN: green } = cloudwatch.Color;
  const quantiles = (of: (options: cloudwatch.MetricOptions) => cloudwatch.IMetric, name: string, color: string): cloudwatch.IMetric[] =>
    [Stats.p(50), Stats.p(99)].map((statistic) => of({ statistic, label: `${name} ${statistic}`, color }));
  return new cloudwatch.Dashboard(scope, 'Dashboard', {
    defaultInterval: Duration.hours(3),
    widgets: [
      [new cloudwatch.TextWidget({ width: 24, height: 2, markdown: `## ${title}` })],
      [
        graph('Agreement, %', [metrics.agreementRate({ color: green })], { min: 0, max: 100 }),
        graph('Outcomes', [
          metrics.agreements({ label: 'agreements', color: green }),
          metrics.differences({ label: 'differences', color: orange }),
          metrics.schemaDifferences({ label: 'schema differences', color: blue }),
          metrics.shadowErrors({ label: 'shadow errors', color: red }),
          metrics.comparisonErrors({ label: 'comparison errors', color: cloudwatch.Color.GREY }),
        ]),
      ],
      [
        graph(
          'Size of differences',
          [Stats.p(50), Stats.p(99)].map((statistic) => metrics.differenceSize({ statistic, label: statistic })),
        ),
        graph('Latency, ms', [
          ...quantiles((options) => metrics.productionLatency(options), 'production', blue),
          ...quantiles((options) => metrics.shadowLatency(options), 'shadow', orange),
        ]),
      ],
      [
        graph('Mirrored and dropped', [
          metrics.mirrored({ label: 'mirrored', color: blue }),
          metrics.dropped({ label: 'dropped', color: red }),
        ]),
        graph(
          'What callers wait for the hand-over, ms',
          quantiles((options) => metrics.handOverLatency(options), 'hand-over', blue),
        ),
      ],
      ...(judges
        ? [
            [
              graph('Verdicts of the judge', [
                metrics.wins({ label: 'wins of the shadow', color: green }),
                metrics.ties({ label: 'ties', color: blue }),
                metrics.losses({ label: 'losses of the shadow', color: red }),
              ]),
              graph('No verdict', [
                metrics.comparisonErrors({ label: 'the judge failed', color: red }),
                metrics.judgeContradictions({ label: 'it contradicted itself', color: orange }),
                metrics.notJudged({ label: 'asked enough for the day', color: cloudwatch.Color.GREY }),
              ]),
            ],
            [
              graph('Tokens of the judge', [metrics.judgeTokens({ label: 'in and out', color: blue })]),
            ],
          ]
        : []),
      ...outputs.map((output, index) => [
        outputGraph('Shadow', output, (bin, options) => metrics.shadowOutputs(index, bin, options)),
        outputGraph('Production', output, (bin, options) => metrics.productionOutputs(index, bin, options)),
      ]),
    ],
  });
}

/** Where the answers fall, as shares of all that were sorted. */
function outputGraph(
  side: string,
  output: BinsMeasure,
  metric: (bin: number, options: cloudwatch.MetricOptions) => cloudwatch.IMetric,
): cloudwatch.GraphWidget {
  return new cloudwatch.GraphWidget({
    title: `${side}: ${output.path}`,
    stacked: true,
    width: 12,
    height: 6,
    leftYAxis: { min: 0 },
    left: Array.from({ length: binCount(output) }, (_, bin) => metric(bin, { label: binName(output, bin) })),
  });
}

function binName({ edges, labels = [] }: BinsMeasure, bin: number): string {
  const borders = edges ?? labels;
  if (bin > borders.length) {
    return 'no value';
  }
  if (edges === undefined) {
    return bin < labels.length ? labels[bin] : 'others';
  }
  return bin === 0 ? `below ${edges[0]}` : `from ${edges[bin - 1]}`;
}
