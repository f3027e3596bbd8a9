/** What an HTTP host answers. */
export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const titles: Readonly<Record<number, string>> = {
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  413: "Content Too Large",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/** RFC 9457, with the code that callers switch on, and with what else there is to say (section 3.2, extension members). */
export function problem(
  status: number,
  code: string,
  detail?: string,
  headers: Readonly<Record<string, string>> = {},
  more: Readonly<Record<string, number>> = {},
): HttpReply {
  const told = detail === undefined ? {} : { detail };
  const about = { type: "about:blank", title: titles[status] ?? "Error", status, code, ...told, ...more };
  return { status, headers: { ...headers, "content-type": "application/problem+json" }, body: Buffer.from(JSON.stringify(about)) };
}
