import type { Api } from "./client.ts";
import type { Screen } from "./screen.ts";

export type Output = "json" | "table";

/** What a command works with. */
export interface Context {
  readonly api: Api;
  readonly screen: Screen;
  stdin(): Promise<Buffer>;
  /** Aborts when the person has had enough (SIGINT, SIGTERM); who asks for it has taken on to end then. */
  interrupted(): AbortSignal;
}

/** 0: as asked. 1: refused or failed. 2: changes are pending (plan). */
export type ExitCode = 0 | 1 | 2;

export const idPath = (collection: string, id: string): string => `v1/${collection}/${encodeURIComponent(id)}`;
