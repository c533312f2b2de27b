import { describe, expect, test } from 'vitest';
import { withAdvice } from './trust.ts';

const HINT_OF_NODE_24 = '; if the root CA is installed locally, try running Node.js with --use-system-ca';

const failed = (message: string, fields: object): Error => Object.assign(new Error(message), fields);
const textOf = (error: unknown): string => (error as Error).message;

describe('the advice about a certificate', () => {
  test.each([
    ['of Node 20', { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }, ''],
    ['of Node 24, which advises on its own command line', { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }, HINT_OF_NODE_24],
    ['of Nodemailer', { code: 'ESOCKET', originalCode: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }, HINT_OF_NODE_24],
  ])('stands alone behind the message %s', (_whose, fields, hint) => {
    const error = failed(`unable to verify the first certificate${hint}`, fields);
    expect(textOf(withAdvice(error, { kind: 'webhook' }))).toBe(
      "the server's certificate is not accepted: unable to verify the first certificate; name the authority that signed it in ca-file",
    );
    expect(textOf(withAdvice(error, { kind: 'mail', caFile: '/etc/ca.pem' }))).toBe(
      "the server's certificate is not accepted: unable to verify the first certificate; it is not signed by an authority in /etc/ca.pem",
    );
  });

  test('is not given where the failure is no matter of TLS', () => {
    const error = failed('connect ECONNREFUSED 127.0.0.1:1', { code: 'ECONNREFUSED' });
    expect(withAdvice(error, { kind: 'webhook' })).toBe(error);
  });
});
