/** An expected result: a value, or a refusal with a stable code that callers switch on. */
export type Outcome<T, C extends string = string> = Ok<T> | Refusal<C>;
export type Ok<T> = { readonly ok: true; readonly value: T };
/** `path` names the place in the input, as `/intentExpectations/0/expectationObject`, where there is one. */
export type Refusal<C extends string = string> = { readonly ok: false; readonly code: C; readonly reason: string; readonly path?: string };

export const ok = <T>(value: T): Ok<T> => ({ ok: true, value });

export const refuse = <C extends string>(code: C, reason: string, path?: string): Refusal<C> =>
  path === undefined ? { ok: false, code, reason } : { ok: false, code, reason, path };
