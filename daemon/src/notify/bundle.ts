/** Entry of the bundle `notify.cjs`: loaded where there is a `[[notify]]`, and by nobody else. */
import { hostname } from 'node:os';
import { Courier, type CourierOptions } from './courier.ts';
import type { Mailer } from './mail.ts';
import { Notifier, type NotifierOptions } from './notifier.ts';

/** The bundles are CommonJS and lie side by side. */
declare const require: (path: string) => unknown;

export type NotifyOptions = Omit<NotifierOptions, 'courier' | 'host'> & Omit<CourierOptions, 'mailer'>;

export const notifying = {
  start: (options: NotifyOptions): Notifier => {
    const mailer = (): Mailer => (require('./mail.cjs') as { mailer: Mailer }).mailer;
    return new Notifier({ ...options, host: hostname(), courier: new Courier({ ...options, mailer }) });
  },
};
export type Notifying = typeof notifying;
