export interface Message {
  readonly id: string | undefined;
  readonly data: string;
}

/** Server-sent events as WHATWG HTML 9.2.6 reads them, as far as the API writes them: `id` and `data`, and comments as sign of life. */
export async function* messagesOf(body: AsyncIterable<Uint8Array>, alive: () => void = () => {}): AsyncGenerator<Message> {
  const decoder = new TextDecoder();
  let rest = "";
  let id: string | undefined;
  let data: string[] = [];
  for await (const bytes of body) {
    alive();
    // A line ends with CR, LF or both, and a chunk may end between the two: a CR at the end waits for what follows.
    const lines = (rest + decoder.decode(bytes, { stream: true })).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (data.length > 0) yield { id, data: data.join("\n") };
        data = [];
        continue;
      }
      const colon = line.indexOf(":");
      const field = colon === -1 ? line : line.slice(0, colon);
      const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (field === "data") data.push(value);
      else if (field === "id") id = value;
    }
  }
}
