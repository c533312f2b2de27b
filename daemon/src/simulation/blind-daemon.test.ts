/** A daemon that remembers nothing and sees nobody: only its launchers stand between it and a second copy. */
import { expect, test } from 'vitest';
import type { ProcessMarks } from '../effects/system.ts';
import type { Flaws } from './daemon-on-trial.ts';
import { History } from './history.ts';
import { SimulatedSystem } from './simulated-system.ts';

const HISTORIES = 200;

class DaemonIsBlind extends SimulatedSystem {
  override readFile(path: string): ReturnType<SimulatedSystem['readFile']> {
    const isRemembered = path.includes('/instances/') && path.includes('.json');
    return isRemembered || path.includes('/runs/') ? undefined : super.readFile(path);
  }

  override list(): string[] {
    return [];
  }

  override marks(): ProcessMarks {
    return {};
  }
}

/** Whether any history ends with two copies; that hooks run beside is another matter, as they have launchers of their own. */
function doubles(flaws: Flaws): boolean {
  for (let seed = 1; seed <= HISTORIES; seed += 1) {
    // Nothing helps where the record itself is destroyed.
    const history = new History({ seed, steps: 150, stress: { damage: 0, reboot: 0 } }, flaws);
    // Which process an expression named only a daemon can put on record.
    if (history.processes.some((id) => history.blueprintOf(`${id}~`).handsOver)) continue;
    const { violations } = history.run();
    if (violations.some(({ text }) => /two live copies|: launch \S+ \(pid \d+\) runs while main/.test(text)))
      return true;
  }
  return false;
}

test('found: the launcher skips the record check, under a blind daemon', () => {
  expect(doubles({ system: DaemonIsBlind, launcher: { skipsRecordCheck: true } })).toBe(true);
});

test('the launcher alone prevents second copies, also under a blind daemon', { timeout: 300_000 }, () => {
  expect(doubles({ system: DaemonIsBlind })).toBe(false);
});
