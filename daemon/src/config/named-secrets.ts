/** What a configuration names and the daemon reads only when it needs it: tokens, passwords, URLs, authorities. */
import type { Delivery, Notify, Secret } from '../core/notify/model.ts';
import { tlsWay } from '../core/notify/tls-way.ts';
import type { MetricsTable } from './metrics-table.ts';

export interface NamedSecrets {
  /** Absolute paths of files that hold secrets. */
  readonly files: readonly string[];
  /** Absolute paths of certificates of authorities, which are none. */
  readonly authorities: readonly string[];
  /** Names of variables of the daemon that hold secrets. */
  readonly variables: readonly string[];
}

export const NO_SECRETS: NamedSecrets = { files: [], authorities: [], variables: [] };

export function namedSecrets(metrics: MetricsTable | undefined, notifies: readonly Notify[]): NamedSecrets {
  const deliveries = notifies.map(({ delivery }) => delivery);
  const secrets = deliveries.flatMap(secretsOf);
  const files = secrets.flatMap((secret) => (secret.kind === 'file' ? [secret.path] : []));
  const variables = secrets.flatMap((secret) => (secret.kind === 'env' ? [secret.name] : []));
  return {
    files: unique([...(metrics?.tokenFile === undefined ? [] : [metrics.tokenFile]), ...files]),
    authorities: unique(deliveries.flatMap((delivery) => tlsWay(delivery)?.caFile ?? [])),
    variables: unique(variables),
  };
}

const unique = (all: readonly string[]): readonly string[] => [...new Set(all)];

function secretsOf(delivery: Delivery): readonly Secret[] {
  if (delivery.kind === 'command') return [];
  if (delivery.kind === 'webhook') {
    const { url, token } = delivery;
    return [...(url.kind === 'text' ? [] : [url]), ...(token === undefined ? [] : [token])];
  }
  const { through } = delivery;
  return 'sendmail' in through || through.password === undefined ? [] : [through.password];
}
