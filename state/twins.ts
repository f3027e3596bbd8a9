import type { Twin } from "../domain/twin/model.ts";
import type { TwinRecord } from "../domain/twin/record.ts";

/** Whose twins, and of which workload. `unmapped`: those that nobody has mapped to a workload. */
export interface TwinFilter {
  readonly userId?: string;
  readonly workloadId?: string | "unmapped";
}

export interface TwinChange {
  readonly before: TwinRecord | undefined;
  readonly after: TwinRecord | undefined;
}

/** The twins as they are now, and what their fusion has to remember. */
export interface TwinStore {
  get(twinId: string): Promise<Twin | undefined>;
  /** A page of twins by id, those after `after`. */
  list(page: TwinFilter & { readonly after?: string | undefined; readonly limit: number }): Promise<readonly Twin[]>;
  /** One atomic read-change-write: `change` is called again when somebody was faster. Returning what it was given writes nothing. */
  update(twinId: string, change: (known: TwinRecord | undefined) => TwinRecord | undefined): Promise<TwinChange>;
}
