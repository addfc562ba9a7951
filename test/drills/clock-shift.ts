/**
 * Loaded before the application (`node --import`): its Date runs by the machine's clock plus the number of milliseconds
 * in the file DRILL_CLOCK_FILE, which may change at any time.
 */
import { readFileSync } from 'node:fs';
import { setWallClock } from '../support/wall-clock.ts';

const path = process.env['DRILL_CLOCK_FILE'] ?? '';

function read(): void {
  setWallClock(Number(readFileSync(path, 'utf8')));
}
read();
setInterval(read, 50).unref();
