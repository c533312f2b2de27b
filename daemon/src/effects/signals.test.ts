import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { signalName, signalNumber } from './signals.ts';

describe('signals', () => {
  it('have the numbers that the system gives them', () => {
    for (const [name, number] of Object.entries(constants.signals)) expect(signalNumber(name.slice(3))).toBe(number);
  });

  it('are the same back and forth', () => {
    for (let number = 1; number <= 64; number += 1) expect(signalNumber(signalName(number))).toBe(number);
    expect([9, 34, 40, 64, 32].map(signalName)).toEqual(['KILL', 'RTMIN', 'RTMIN+6', 'RTMAX', '32']);
    expect(['RTMAX-1', 'RTMIN+30', '15', 'POLL'].map(signalNumber)).toEqual([63, 64, 15, 29]);
  });

  it('are refused where there are none of that name', () => {
    for (const name of ['', 'NONE', 'RTMIN+31', 'RTMAX-31', '0', '65', 'SIGTERM'])
      expect(signalNumber(name)).toBeUndefined();
  });
});
