/**
 * Loaded before the application (`node --import`): its Date runs by the machine's clock plus the number of milliseconds
 * in the file DRILL_CLOCK_FILE, which may change at any time. Timers and performance.now() do not jump, as on a machine
 * whose wall clock is set.
 */
import { readFileSync } from 'node:fs';

const path = process.env['DRILL_CLOCK_FILE'] ?? '';
const MachineDate = Date;
let offsetMs = 0;

function read(): void {
  offsetMs = Number(readFileSync(path, 'utf8'));
}
read();
setInterval(read, 50).unref();

globalThis.Date = new Proxy(MachineDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [target.now() + offsetMs] : args, newTarget) as object,
  apply: (target) => new target(target.now() + offsetMs).toString(),
  get: (target, name, receiver) =>
    name === 'now' ? () => target.now() + offsetMs : (Reflect.get(target, name, receiver) as unknown),
});
