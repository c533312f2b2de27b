/** Which deliveries go over TLS, and whom they trust. */
import type { Delivery } from './model.ts';

export interface TlsWay {
  readonly kind: 'webhook' | 'mail';
  readonly caFile?: string | undefined;
}

/** undefined: what is told goes to a program. */
export function tlsWay(delivery: Delivery): TlsWay | undefined {
  if (delivery.kind === 'command') return undefined;
  if (delivery.kind === 'webhook') return { kind: 'webhook', caFile: delivery.caFile };
  const { through } = delivery;
  return 'sendmail' in through ? undefined : { kind: 'mail', caFile: through.caFile };
}
