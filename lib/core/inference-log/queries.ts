/** A saved query. */
export interface LogQuery {
  readonly name: string;
  readonly description: string;
  readonly sql: string;
}

/** Days of partitions that the queries read; each is paid for by what it scans. */
const DAYS = 7;

/**
 * The saved queries, in Athena's SQL (Trino). Logs and Firehose deliver at least once, so each query first makes records unique. `table` is
 * quoted as the query needs it.
 */
export function logQueries(table: string): readonly LogQuery[] {
  const recent = `day >= date_format(current_date - interval '${DAYS}' day, '%Y-%m-%d')`;
  // Versions are compared by the requests that were assigned to them, and shadows by all that they got.
  const own = 'NOT coalesce(fallback, false) AND NOT coalesce(targeted, false)';
  return [
    {
      name: 'agreement by hour',
      description: 'How often each shadow agreed with production, by hour',
      sql: `WITH compared AS (
  SELECT DISTINCT alias, variant, version, inferenceid, comparison, difference, date_trunc('hour', from_iso8601_timestamp(time)) AS inferencehour
  FROM ${table}
  WHERE ${recent} AND modelrollout = 'inference' AND role = 'shadow'
)
SELECT inferencehour, alias, variant AS shadow, version,
  count(*) AS comparisons,
  count_if(comparison = 'agree') AS agreements,
  round(100.0 * count_if(comparison = 'agree') / count(*), 2) AS agreementpercent,
  count_if(comparison = 'differ') AS differences,
  count_if(comparison = 'schema difference') AS schemadifferences,
  count_if(comparison = 'shadow error') AS shadowerrors,
  count_if(comparison = 'comparison error') AS comparisonerrors,
  avg(difference) AS meandifference
FROM compared
GROUP BY inferencehour, alias, variant, version
ORDER BY inferencehour DESC, alias, shadow, version`,
    },
    {
      name: 'worst disagreements',
      description: "The answers of shadows that are furthest from production's, with both answers where they are logged",
      sql: `WITH shadows AS (
  SELECT DISTINCT time, alias, inferenceid, variant, version, comparison, difference, reason, prediction, productionprediction, answer
  FROM ${table}
  WHERE ${recent} AND modelrollout = 'inference' AND role = 'shadow' AND comparison <> 'agree'
), answered AS (
  SELECT DISTINCT alias, inferenceid, request, answer
  FROM ${table}
  WHERE ${recent} AND modelrollout = 'inference' AND role = 'production' AND outcome = 'answer'
)
SELECT s.time, s.alias, s.inferenceid, s.variant AS shadow, s.version, s.comparison, s.difference, s.reason,
  s.productionprediction, s.prediction AS shadowprediction,
  p.request, p.answer AS productionanswer, s.answer AS shadowanswer
FROM shadows s
LEFT JOIN answered p ON p.alias = s.alias AND p.inferenceid = s.inferenceid
ORDER BY s.difference DESC NULLS LAST, s.time DESC
LIMIT 100`,
    },
    {
      name: 'latency by version',
      description: 'Latency, failures and fallbacks of every version in the requests that were its own, shadows too',
      sql: `WITH attempts AS (
  SELECT DISTINCT alias, role, variant, version, inferenceid, attempt, latencyms, outcome, fellback
  FROM ${table}
  WHERE ${recent} AND modelrollout = 'inference' AND ${own}
)
SELECT alias, role, variant, version,
  count(*) AS requests,
  round(approx_percentile(latencyms, 0.5), 1) AS p50ms,
  round(approx_percentile(latencyms, 0.9), 1) AS p90ms,
  round(approx_percentile(latencyms, 0.99), 1) AS p99ms,
  count_if(outcome NOT IN ('answer', 'caller')) AS failures,
  count_if(fellback) AS fallbacks
FROM attempts
GROUP BY alias, role, variant, version
ORDER BY alias, role, variant, version`,
    },
    {
      name: 'outcomes by version',
      description:
        'What the feedback says of every version in the requests that were its own, shadows too: each predicted the same inferences',
      sql: `WITH feedback AS (
  SELECT alias, inferenceid, label, score, reward, rating,
    row_number() OVER (PARTITION BY alias, inferenceid ORDER BY time DESC) AS latest
  FROM ${table}
  WHERE ${recent} AND modelrollout = 'feedback'
), predicted AS (
  SELECT DISTINCT alias, role, variant, version, inferenceid, prediction
  FROM ${table}
  WHERE ${recent} AND modelrollout = 'inference' AND ${own} AND outcome = 'answer' AND status < 400
)
SELECT p.alias, p.role, p.variant, p.version,
  count(*) AS outcomes,
  count(f.label) AS labels,
  round(100.0 * avg(CASE WHEN f.label IS NULL THEN NULL WHEN p.prediction = f.label THEN 1.0 ELSE 0.0 END), 2) AS accuracypercent,
  avg(CASE WHEN p.role <> 'shadow' THEN f.score END) AS meanscore,
  avg(CASE WHEN p.role <> 'shadow' THEN f.reward END) AS meanreward,
  avg(CASE WHEN p.role <> 'shadow' THEN f.rating END) AS meanrating
FROM predicted p
JOIN feedback f ON f.alias = p.alias AND f.inferenceid = p.inferenceid AND f.latest = 1
GROUP BY p.alias, p.role, p.variant, p.version
ORDER BY p.alias, p.role, p.variant, p.version`,
    },
  ];
}
