/** Thrown at the edge only; the host turns it into a reply. The code is the situation: no subclass for each one. */
abstract class FunctionError extends Error {
  readonly code: string;
  constructor(code: string, message: string, options: ErrorOptions = {}) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The same message can never succeed: it is rejected and kept for redrive. */
export class PermanentError extends FunctionError {}

interface TransientOptions extends ErrorOptions {
  /** Says when to come back. A try that was told when does not count against the attempts, only against the host's patience. */
  readonly retryAfterMs?: number;
}

/** A dependency is down or slow, or has not finished: the same message may succeed later. */
export class TransientError extends FunctionError {
  readonly retryAfterMs: number | undefined;
  constructor(code: string, message: string, options: TransientOptions = {}) {
    super(code, message, options);
    this.retryAfterMs = options.retryAfterMs;
  }
}
