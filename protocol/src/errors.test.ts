import { describe, expect, it } from 'vitest';
import { errorCodes, errorName, isFailure, RpcFailure } from './errors.ts';
import { parseSignal, showSignal, signalNumbers } from './signals.ts';
import { constants } from 'node:os';

describe('RpcFailure', () => {
  it('survives the wire', () => {
    const failure = new RpcFailure('unknown-name', 'no such process', { names: [{ given: 'wbe', nearest: ['web'] }] });
    const received: unknown = RpcFailure.fromWire(failure.toWire());
    expect(received).toMatchObject({ name: 'unknown-name', code: -32001, message: 'no such process' });
    expect(isFailure(received, 'unknown-name') && received.data.names[0]?.nearest).toEqual(['web']);
    expect(isFailure(received, 'busy')).toBe(false);
  });

  it('keeps the code of an error that it does not know', () => {
    expect(RpcFailure.fromWire({ code: -1, message: 'x' })).toMatchObject({
      name: 'internal-error',
      code: -1,
      data: {},
    });
  });

  it('has one name per code', () => {
    for (const [name, code] of Object.entries(errorCodes)) expect(errorName(code)).toBe(name);
    expect(errorName(0)).toBeUndefined();
  });
});

describe('signals', () => {
  it('are read as people write them', () => {
    for (const text of ['TERM', 'SIGTERM', 'sigterm', 'term', '15']) expect(parseSignal(text)).toBe('TERM');
    for (const text of ['', 'SIG', '0', '32', 'TERMX', '-9', '9x', 'toString'])
      expect(parseSignal(text)).toBeUndefined();
    expect(showSignal('TERM')).toBe('SIGTERM');
    expect(showSignal('SIGTERM')).toBe('SIGTERM');
  });

  it('have the numbers of this system', () => {
    for (const [name, number] of Object.entries(signalNumbers))
      expect(constants.signals[`SIG${name}` as NodeJS.Signals]).toBe(number);
  });
});
