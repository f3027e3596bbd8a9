import type { SystemProcess } from "./system.ts";

export interface OrderView {
  readonly executioner: string;
  readonly resource: string;
  readonly action: string;
  readonly state: string;
  readonly effect?: string;
  readonly code?: string;
  readonly reason?: string;
  readonly residue?: readonly string[];
}

export interface IntentView {
  readonly id: string;
  readonly generation: number;
  readonly submission: number;
  readonly state: string;
  readonly isSettled: boolean;
  readonly orders: readonly OrderView[];
  readonly report: {
    readonly intentFulfilmentReport: {
      readonly intentFulfilmentInfo: {
        readonly fulfilmentStatus: string;
        readonly notFullfilledState?: string;
        readonly notFulfilledReasons?: readonly string[];
      };
      readonly expectationFulfilmentResult: readonly unknown[];
    };
  };
}

export interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

/** The API as a client in another language would use it. */
export function apiOf({ address }: Pick<SystemProcess, "address">) {
  const call = async <T>(method: string, path: string, body?: string): Promise<Answer<T>> => {
    const response = await fetch(new URL(path, address), { method, ...(body === undefined ? {} : { body }) });
    return { status: response.status, body: (await response.json()) as T };
  };
  const intent = (id: string, waitMs = 30_000) => call<IntentView>("GET", `/v1/intents/${encodeURIComponent(id)}?waitMs=${String(waitMs)}`);
  return {
    call,
    intent,
    submit: (file: string) => call<{ intents: readonly IntentView[] }>("POST", "/v1/intents", file),
    plan: (file: string) =>
      call<{ hash: string; changes: number; steps: readonly { change: string; resource: string }[] }>("POST", "/v1/plans", file),
    /** Applies a file and answers its intents as they settled. */
    async apply(file: string): Promise<readonly IntentView[]> {
      const taken = await call<{ intents: readonly IntentView[] }>("POST", "/v1/intents", file);
      if (taken.status !== 202) throw new Error(`refused: ${JSON.stringify(taken.body)}`);
      return Promise.all(taken.body.intents.map(async ({ id }) => (await intent(id)).body));
    },
    async remove(id: string): Promise<IntentView> {
      await call("DELETE", `/v1/intents/${encodeURIComponent(id)}`);
      return (await intent(id)).body;
    },
  };
}
