// A one-shot: does its work, says so, ends with code 0. Any other code would mean "failed", and the server would not start.
import { setTimeout as pause } from 'node:timers/promises';

for (const step of ['table "orders"', 'index "orders by day"']) {
  console.log(`migrate: ${step}`);
  await pause(300);
}
console.log('migrate: done');
