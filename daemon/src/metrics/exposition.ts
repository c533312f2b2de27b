/** From figures to the text that Prometheus reads. */
import { Counter, Gauge, Registry } from 'prom-client';
import { METRICS, type MetricDeclaration, type MetricName } from './catalogue.ts';
import { samplesOf, type Figures, type Sample } from './samples.ts';

export const CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** So many values are a few milliseconds' work; a thousand instances have nine thousand of their states alone. */
const PORTION = 500;

/** @param pause - between two portions: supervision goes on in between */
export async function expose(figures: Figures, pause: () => Promise<unknown>): Promise<string> {
  const families: string[] = [];
  for (const name of Object.keys(METRICS) as MetricName[]) {
    const samples = samplesOf(name, figures);
    const portions: string[] = [];
    for (let from = 0; from < samples.length; from += PORTION) {
      const text = await portion(name, samples.slice(from, from + PORTION), figures.uid);
      portions.push(from === 0 ? text : withoutHead(text));
      await pause();
    }
    if (portions.length > 0) families.push(portions.join(''));
  }
  return families.join('\n');
}

/** Of a family that has begun: HELP and TYPE stand above it already. */
function withoutHead(text: string): string {
  return text.replace(/^# HELP .*\n# TYPE .*\n/, '');
}

/** A registry of its own, and only for this once: what there is no more is in no later text. */
async function portion(name: MetricName, samples: readonly Sample[], uid: string): Promise<string> {
  const { type, help, labels }: MetricDeclaration = METRICS[name];
  const registry = new Registry();
  registry.setDefaultLabels({ uid });
  const options = { name, help, labelNames: [...labels], registers: [registry] };
  if (type === 'counter') {
    const counter = new Counter(options);
    for (const sample of samples) counter.inc(sample.labels, sample.value);
  } else {
    const gauge = new Gauge(options);
    for (const sample of samples) gauge.set(sample.labels, sample.value);
  }
  return registry.metrics();
}
