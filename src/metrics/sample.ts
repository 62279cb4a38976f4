/** One number of a metric. Samples of one name share its help and its label names. */
export interface MetricSample {
  /** `slotgate_…`, with the unit last; a counter's name ends in `_total`. */
  readonly name: string;
  readonly help: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Numbers at one instant. Counters only grow; gauges go up and down. */
export interface MetricSnapshot {
  readonly counters: readonly MetricSample[];
  readonly gauges: readonly MetricSample[];
}
