import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Adaptor } from "../../domain/intent/adaptor.ts";
import { catalogue } from "../../domain/intent/catalogue/index.ts";
import type { Order } from "../../domain/intent/order.ts";
import { OrderExecuted, OrderFailed, OrderPlaced } from "../../events/order.ts";
import { type Executioner, isExecutioner } from "../../functions/executioner.ts";
import { functions } from "../../functions/index.ts";
import { type Lab, startLab } from "../../lab/lab.ts";
import { invoke } from "../../runtime/invoke.ts";
import { openResources } from "../../runtime/resources.ts";
import { reachable } from "../../services/controllers.ts";
import { openIngress } from "../../services/ingress/ingress.ts";
import type { Backing } from "../../state/backing.ts";
import { memoryHoldings } from "../../state/holdings.ts";
import { memoryIntents } from "../../state/intents.ts";
import { memorySecrets, type SecretStore } from "../../state/secrets.ts";

export interface Told {
  readonly kind: "executed" | "failed";
  readonly effect?: string;
  readonly code?: string;
  readonly reason?: string;
  readonly residue: readonly string[];
  /** The codes of the tries before the last. */
  readonly retried: readonly string[];
}

interface Carrying {
  readonly submission?: number;
  /** The last of which is the last attempt. */
  readonly tries?: number;
}

/** One library's executioner between its effect store and its peer in the lab, without a broker: as its function would run, every try by itself. */
export interface Bench {
  readonly lab: Lab;
  readonly executioner: Executioner;
  /** The first order of the example. */
  readonly order: Order;
  /** The same order of `examples/changed/`, with another meaning. Throws where there is none. */
  changed(): Order;
  /** The secrets of the example, in clear. */
  readonly secrets: readonly string[];
  carry(action: "apply" | "withdraw", order: Order, carrying?: Carrying): Promise<Told>;
  /** The bare adaptor: somebody who looks, or who meddles behind our back. */
  adaptor(): Adaptor;
  /** All that was said in events and logs. */
  said(): string;
  /** As after the start: an empty peer, nothing remembered. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

const root = join(import.meta.dirname, "../../domain/intent/catalogue");
const yamlIn = (folder: string): ReadonlyMap<string, string> => {
  try {
    return new Map(
      readdirSync(folder)
        .filter((file) => file.endsWith(".yaml"))
        .toSorted()
        .map((file) => [file.slice(0, -".yaml".length), readFileSync(join(folder, file), "utf8")] as const),
    );
  } catch {
    return new Map();
  }
};
/** Times are put off, so that none has passed. */
const exampleOf = (library: string, name: string, sub = ""): string =>
  (yamlIn(join(root, library, "examples", sub)).get(name) ?? "").replaceAll(/"20\d\d-(\d\d-\d\dT)/g, '"2099-$1');

/** What of a library is certified: each example that has a later generation; where none has, the first one. */
export function subjectsOf(library: string): readonly string[] {
  const changed = [...yamlIn(join(root, library, "examples", "changed")).keys()];
  return changed.length > 0 ? changed : [...yamlIn(join(root, library, "examples")).keys()].slice(0, 1);
}

/** Why there is no later generation of the example, where the library says so in `examples/changed/none.txt`. */
export function whyUnchanging(library: string): string | undefined {
  try {
    return readFileSync(join(root, library, "examples", "changed", "none.txt"), "utf8").trim() || undefined;
  } catch {
    return undefined;
  }
}

/** What goes to no controller has no peer: a line in the log, and a schedule that is kept here (test/chain/tsn.test.ts). */
const withoutPeer: ReadonlySet<string> = new Set(["log", "tsn"]);

/** The libraries that end in orders: the others are certified by the ones that they rewrite to. */
export const certifiable: readonly string[] = catalogue.flatMap(({ name }) => {
  const executioner = executionerOf(name);
  return executioner === undefined || withoutPeer.has(executioner.executioner) ? [] : [name];
});

interface Golden {
  readonly kind: string;
  readonly orders?: readonly { readonly executioner: string }[];
}

/** As its golden example has it: that of its orders, where it ends in orders. */
function executionerOf(library: string): Executioner | undefined {
  const folder = join(root, library, "examples");
  const golden = readdirSync(folder).find((file) => file.endsWith(".golden.json"));
  if (golden === undefined) return undefined;
  const { orders = [] } = JSON.parse(readFileSync(join(folder, golden), "utf8")) as Golden;
  return functions.filter(isExecutioner).find((fn) => fn.executioner === orders[0]?.executioner);
}

function ordersIn(text: string, secrets: SecretStore, controllers: Backing["controllers"]) {
  const ingress = openIngress({
    catalogue,
    controllers,
    intents: memoryIntents(),
    holdings: memoryHoldings(),
    secrets,
    publish: () => Promise.resolve(),
    now: () => new Date(),
  });
  const read = ingress.read(Buffer.from(text));
  return read.ok ? read.candidates[0] : undefined;
}

const MAX_PAUSE_MS = 100;

export async function openBench(library: string, name: string): Promise<Bench> {
  const executioner = executionerOf(library);
  if (executioner === undefined) throw new Error(`${library} is none of ${certifiable.join(", ")}`);
  const lab = await startLab();
  const secrets = memorySecrets(Buffer.alloc(32, 7));
  const controllers = reachable(lab.controllers);
  const example = ordersIn(exampleOf(library, name), secrets, controllers);
  const order = example?.orders.find((o) => o.executioner === executioner.executioner);
  if (example === undefined || order === undefined)
    throw new Error(`the example ${name} of ${library} is not taken by the lab's controllers`);
  const other = ordersIn(exampleOf(library, name, "changed"), secrets, controllers);
  const later = other?.orders.find((o) => o.resource === order.resource);
  for (const taken of [example, other])
    for (const secret of taken?.secrets.values() ?? []) await secrets.put(taken?.intent.id ?? "", secret);

  const said: string[] = [];
  const log = Object.fromEntries(
    ["debug", "info", "warn", "error"].map((level) => [
      level,
      (fields: object, phrase: string) => void said.push(JSON.stringify([fields, phrase])),
    ]),
  ) as unknown as Parameters<typeof invoke>[2]["log"];
  const open = () =>
    openResources([executioner], { controllers, sealKey: Buffer.alloc(32, 7) } satisfies Backing).get(executioner.name) ?? {};
  let resources = withSecrets(open(), secrets);
  const closeAll = async (): Promise<void> => {
    for (const resource of Object.values(resources)) await (resource as { close?: () => Promise<void> }).close?.();
  };

  return {
    lab,
    executioner,
    order,
    changed() {
      if (later !== undefined) return later;
      throw new Error("examples/changed/*.yaml has no later generation of the example's first order, and no none.txt says why");
    },
    secrets: [...example.secrets.values()],
    said: () => said.join("\n"),
    adaptor: () => executioner.adaptor(resources, { signal: AbortSignal.timeout(20_000), log, exact: true }),
    async carry(action, asked, { submission = 1, tries = 6 } = {}) {
      const event = OrderPlaced.make({
        source: "/certify",
        subject: example.intent.id,
        id: `${asked.resource} ${String(submission)}`,
        executioner: asked.executioner,
        data: { intentId: example.intent.id, generation: submission, submission, action, order: asked },
      });
      const retried: string[] = [];
      for (let attempt = 1; ; attempt += 1) {
        const scope = { resources, now: () => new Date(), log, lastAttempt: attempt === tries, reached: () => undefined };
        const reply = await invoke(executioner, event, scope);
        said.push(JSON.stringify(reply));
        switch (reply.kind) {
          case "retry":
            if (attempt >= tries) throw new Error(`still ${reply.code} after ${String(tries)} tries: ${reply.reason}`);
            retried.push(reply.code);
            await pause(Math.min(reply.retryAfterMs ?? 0, MAX_PAUSE_MS));
            continue;
          case "done": {
            const [told] = reply.events;
            if (told?.type === OrderExecuted.type)
              return { kind: "executed", residue: [], retried, ...OrderExecuted.data.parse(told.data) };
            return { kind: "failed", retried, ...OrderFailed.data.parse(told?.data) };
          }
          case "rejected":
          case "skipped":
          case "bug":
            throw new Error(`${reply.kind}: ${JSON.stringify(reply)}`, { cause: "cause" in reply ? reply.cause : undefined });
          default:
            return reply satisfies never;
        }
      }
    },
    async reset() {
      await closeAll();
      lab.reset();
      said.length = 0;
      resources = withSecrets(open(), secrets);
    },
    async close() {
      await closeAll();
      await lab.close();
    },
  };
}

const withSecrets = (resources: Readonly<Record<string, unknown>>, secrets: SecretStore) =>
  "secrets" in resources ? { ...resources, secrets } : resources;
