import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { METRICS, type MetricDeclaration } from './catalogue.ts';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const namesIn = (text: string): string[] => [...new Set(text.match(/\bprocman_[a-z_]+/g) ?? [])];

describe('every metric that is named exists', () => {
  it.each([
    'etc/alerts.yml',
    'etc/grafana-dashboard.json',
    'integration-tests/prometheus/alerts.test.yml',
    'docs/metrics.md',
  ])('in %s', (path) => {
    const names = namesIn(read(path));
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((name) => !Object.hasOwn(METRICS, name))).toEqual([]);
  });
});

it('every metric is told of in docs/metrics.md, and drawn in the dashboard or told apart by it', () => {
  const [documented, drawn] = [namesIn(read('docs/metrics.md')), namesIn(read('etc/grafana-dashboard.json'))];
  expect(Object.keys(METRICS).filter((name) => !documented.includes(name))).toEqual([]);
  // The age of the configuration is drawn, not its date.
  expect(Object.keys(METRICS).filter((name) => !drawn.includes(name))).toEqual([
    'procman_config_last_good_reload_timestamp_seconds',
  ]);
});

it('every alert has a test', () => {
  const alerts = [...read('etc/alerts.yml').matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
  const tested = read('integration-tests/prometheus/alerts.test.yml');
  expect(alerts.length).toBeGreaterThan(8);
  for (const alert of alerts)
    expect(tested).toMatch(new RegExp(`alertname: ${alert ?? ''}\\n\\s+exp_alerts:\\n\\s+- exp_labels`));
});

it('names keep to the conventions, and labels clear of those of Prometheus', () => {
  for (const [name, { type, help, labels }] of Object.entries<MetricDeclaration>(METRICS)) {
    expect(name.endsWith('_total'), name).toBe(type === 'counter');
    expect(name, name).toMatch(/^procman_(instance|daemon|events|config)_/);
    expect(help, name).toMatch(/^[A-Z].*[^.]$/);
    expect(labels.filter((label) => ['instance', 'job', 'le', 'quantile', 'uid'].includes(label))).toEqual([]);
  }
});
