/** How records are kept. */
export enum InferenceLogFormat {
  /** Columns, compressed: queries read, and cost, only what they need. */
  PARQUET = 'parquet',
  /** A JSON object on each line, compressed: read by anything. */
  JSON_LINES = 'json',
}
