/** From figures to the text that Prometheus reads. */
import { Counter, Gauge, Registry } from 'prom-client';
import { METRICS, type MetricDeclaration, type MetricName } from './catalogue.ts';
import { samplesOf, type Figures, type Sample } from './samples.ts';

export const CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** @param pause - between two metrics: with a thousand instances the whole takes a tenth of a second */
export async function expose(figures: Figures, pause: () => Promise<unknown>): Promise<string> {
  const families: string[] = [];
  for (const name of Object.keys(METRICS) as MetricName[]) {
    const samples = samplesOf(name, figures);
    if (samples.length > 0) families.push(await family(name, samples, figures.uid));
    await pause();
  }
  return families.join('\n');
}

/** A registry of its own, and only for this once: what there is no more is in no later text. */
async function family(name: MetricName, samples: readonly Sample[], uid: string): Promise<string> {
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
