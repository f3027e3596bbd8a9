/** A place in a text; lines and columns count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** What is wrong with a text, and where. `path` is the JSON pointer or the column's name. */
export interface TextFault extends Place {
  readonly path?: string;
  readonly reason: string;
}

/** A value that was read from a text, or everything that keeps it from being read. */
export type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly faults: readonly TextFault[] };

export const readOk = <T>(value: T): Read<T> => ({ ok: true, value });
export const faulty = (...faults: readonly TextFault[]): { readonly ok: false; readonly faults: readonly TextFault[] } => ({
  ok: false,
  faults,
});

/** After so many faults a person starts again at the first one anyhow. */
export const MAX_FAULTS = 20;

/** Line and column of an offset. */
export function placeAt(text: string, offset: number): Place {
  let line = 1;
  let start = 0;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", start)) {
    line += 1;
    start = at + 1;
  }
  return { line, column: offset - start + 1 };
}

/** Without the byte order mark that some editors put in front. */
export const withoutMark = (text: string): string => (text.startsWith("\uFEFF") ? text.slice(1) : text);
