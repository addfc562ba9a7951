import { stripVTControlCharacters, styleText } from 'node:util';

export type Column = string | Readonly<{ title: string; align: 'right' }>;

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/**
 * What a command says. For people: lines and tables on standard output. For programs (`--json`): one JSON document
 * there instead. A command calls both and need not ask which holds.
 */
export type Output = Readonly<{
  isJson: boolean;
  /** For people; nothing with `--json`. */
  line(text?: string): void;
  /** For people: columns aligned under their titles; nothing with `--json`. */
  table(columns: readonly Column[], rows: readonly (readonly string[])[]): void;
  /** For programs: the one document of this command; nothing without `--json`. */
  json(value: unknown): void;
  /** Text for a file, as it is, in either case. */
  raw(text: string): void;
  /** On standard error in either case: what goes on, and what went wrong. */
  note(text: string): void;
  /** Coloured on a terminal that wants it (NO_COLOR is heeded), else the text as it is. */
  style(style: Style, text: string): string;
}>;

type Stream = NodeJS.WritableStream;

export function createOutput(options: { isJson: boolean; stdout?: Stream; stderr?: Stream }): Output {
  const { isJson, stdout = process.stdout, stderr = process.stderr } = options;
  const write = (text: string): void => void stdout.write(`${printable(text)}\n`);
  return {
    isJson,
    line: (text = '') => {
      if (!isJson) write(text);
    },
    table: (columns, rows) => {
      if (!isJson) for (const line of alignColumns(columns, rows)) write(line);
    },
    json: (value) => {
      if (isJson) stdout.write(`${JSON.stringify(value, replaceBigint, 2)}\n`);
    },
    raw: (text) => void stdout.write(text),
    note: (text) => void stderr.write(`${printable(text)}\n`),
    style: (style, text) => styleText(style, text, { stream: stdout }),
  };
}

const colours = String.raw`\u001b\[[0-9;]*m`;
const controlPattern = new RegExp(`(${colours})|(?![\\n])\\p{Cc}`, 'gu');

/** Much of what is shown came from outside: nothing but colours may steer the terminal. */
function printable(text: string): string {
  return text.toWellFormed().replace(controlPattern, (_, colour: string | undefined) => colour ?? '\u{fffd}');
}

function alignColumns(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const titles = columns.map((column) => (typeof column === 'string' ? column : column.title));
  const lines = [titles, ...rows].map((cells) => cells.map((cell) => printable(cell).replaceAll('\n', ' ')));
  const widths = columns.map((_, index) => Math.max(...lines.map((cells) => width(cells[index] ?? ''))));
  return lines.map((cells) =>
    columns
      .map((column, index) => {
        const cell = cells[index] ?? '';
        const padding = ' '.repeat((widths[index] ?? 0) - width(cell));
        return typeof column === 'string' ? cell + padding : padding + cell;
      })
      .join('  ')
      .trimEnd(),
  );
}

function width(cell: string): number {
  return Array.from(stripVTControlCharacters(cell)).length;
}

function replaceBigint(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
