/** Where text goes: a stream of the process, or a string in a test. */
export interface Sink {
  readonly isTTY?: boolean;
  write(text: string): void;
}

export type Style = "good" | "bad" | "busy" | "faint" | "strong";
export type Paint = (text: string, style: Style | undefined) => string;

const codes: Readonly<Record<Style, number>> = { good: 32, bad: 31, busy: 33, faint: 2, strong: 1 };

export const painter =
  (isColoured: boolean): Paint =>
  (text, style) =>
    isColoured && style !== undefined && text !== "" ? `\u001B[${String(codes[style])}m${text}\u001B[0m` : text;

/** stdout carries the answer and nothing else; progress, warnings and errors go to stderr. */
export interface Screen {
  readonly paint: Paint;
  print(...lines: readonly string[]): void;
  json(value: unknown): void;
  warn(...lines: readonly string[]): void;
  /** A line that the next one replaces; nothing where nobody watches. Without text it goes away. */
  progress(text?: string): void;
}

export function openScreen({ stdout, stderr, isColoured }: { stdout: Sink; stderr: Sink; isColoured: boolean }): Screen {
  let shown = false;
  const clear = () => {
    if (shown) stderr.write("\r\u001B[K");
    shown = false;
  };
  const write = (sink: Sink, lines: readonly string[]) => {
    clear();
    for (const line of lines) sink.write(`${line}\n`);
  };
  return {
    paint: painter(isColoured && stdout.isTTY === true),
    print: (...lines) => write(stdout, lines),
    json: (value) => write(stdout, [JSON.stringify(value, null, 2)]),
    warn: (...lines) => write(stderr, lines.map(printable)),
    progress(text) {
      clear();
      if (text === undefined || stderr.isTTY !== true) return;
      stderr.write(printable(text));
      shown = true;
    },
  };
}

/** What others wrote must not steer the terminal. */
// oxlint-disable-next-line no-control-regex -- control characters are what it takes out
export const printable = (text: string): string => text.replaceAll(/[\u0000-\u001F\u007F-\u009F]+/g, " ");
