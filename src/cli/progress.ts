/** Below this nobody looks at a bar. */
const SHOW_AFTER_MS = 1_000;
const REDRAW_MS = 100;
const CELLS = 30;

/** A bar with rate and time left, on the terminal of standard error, for what takes longer than a second. */
export function showProgress(total: number): (done: number) => void {
  const startedAt = performance.now();
  let drawnAt = startedAt + SHOW_AFTER_MS - REDRAW_MS;
  let isDrawn = false;
  return (done) => {
    const now = performance.now();
    const isOver = done === total;
    if (!process.stderr.isTTY || (isOver ? !isDrawn : now - drawnAt < REDRAW_MS)) return;
    drawnAt = now;
    isDrawn = true;
    const rate = done / ((now - startedAt) / 1_000);
    const filled = Math.floor((done / total) * CELLS);
    const bar = '█'.repeat(filled) + '░'.repeat(CELLS - filled);
    const left = isOver ? '' : `, ${Math.ceil((total - done) / rate)} s left`;
    process.stderr.write(`\r\u001b[K${bar} ${done}/${total}, ${Math.round(rate)}/s${left}${isOver ? '\n' : ''}`);
  };
}
