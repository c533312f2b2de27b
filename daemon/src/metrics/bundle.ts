/** Entry of the bundle `metrics.cjs`: figures for Prometheus. Loaded when `[metrics]` listens, or when somebody asks for them. */
import { Collector } from './collector.ts';
import { Endpoint } from './endpoint.ts';
import { CONTENT_TYPE } from './exposition.ts';

export const metrics = { Collector, Endpoint, CONTENT_TYPE };
export type MetricsBundle = typeof metrics;
