import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { IntentLibrary } from "../../domain/intent/library.ts";
import type { Order } from "../../domain/intent/order.ts";
import { sealedIntents } from "../conformance/library-examples.ts";

const root = join(import.meta.dirname, "../../domain/intent/catalogue");

/** What a library makes of its own examples, and of the changed ones: the file's name and each of its orders. Throws where there is none. */
export function ordersOfExamples(library: IntentLibrary): readonly (readonly [file: string, order: Order])[] {
  const folder = join(root, library.name, "examples");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".yaml"));
  const orders = files.toSorted().flatMap((file) =>
    sealedIntents(readFileSync(join(folder, file))).flatMap(({ intent }) => {
      const translated = library.translate(intent);
      if (!translated.ok || translated.value.kind !== "orders") throw new Error(`${file}: no orders`);
      return translated.value.orders.map((order) => [file, order] as const);
    }),
  );
  if (orders.length === 0) throw new Error(`no examples in ${folder}`);
  return orders;
}
