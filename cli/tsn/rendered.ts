import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TsnInput } from "../../domain/tsn/formats/network.ts";
import { taprioScript } from "../../domain/tsn/formats/taprio.ts";
import { writeTsnkit } from "../../domain/tsn/formats/tsnkit-schedule.ts";
import { yangOfBridges } from "../../domain/tsn/formats/yang.ts";
import { BridgeDocument } from "../../domain/tsn/formats/yang-schema.ts";
import { gantt } from "../../domain/tsn/render/gantt.ts";
import type { Schedule } from "../../domain/tsn/schedule.ts";
import { Failure } from "../failure.ts";

export interface RenderOptions {
  readonly output: "svg" | "yang" | "taprio" | "csv";
  readonly bridge?: string;
  readonly out?: string;
  readonly title?: string;
  /** µs. */
  readonly from?: number;
  readonly to?: number;
  readonly baseTime: bigint;
}

/** A file by its name; a rendering of several is written with `--out`, or one of them is chosen with `--bridge`. */
type Files = ReadonlyMap<string, string>;

/** What is to be printed: the one rendering, or the names of what was written. */
export async function rendered(input: TsnInput, schedule: Schedule, options: RenderOptions): Promise<readonly string[]> {
  const { bridge, out } = options;
  if (bridge !== undefined && !input.problem.nodes.some(({ id }) => id === bridge))
    throw new Failure(
      [`there is no node ${bridge}`],
      `nodes are ${input.problem.nodes
        .slice(0, 12)
        .map(({ id }) => id)
        .join(", ")}${input.problem.nodes.length > 12 ? ", …" : ""}`,
    );
  const files = filesOf(input, schedule, options);
  if (out === undefined) {
    const [only, ...others] = files.values();
    if (only === undefined) throw new Failure(["there is nothing to show"]);
    if (others.length === 0) return [only.trimEnd()];
    throw new Failure(
      [`this makes ${String(files.size)} files: ${[...files.keys()].slice(0, 6).join(", ")}${files.size > 6 ? ", …" : ""}`],
      "give --out DIR, or --bridge NAME for one of them",
    );
  }
  await mkdir(out, { recursive: true });
  for (const [name, text] of files) await writeFile(join(out, name), text);
  return [...files.keys()].map((name) => join(out, name));
}

function filesOf(input: TsnInput, schedule: Schedule, { output, bridge, title, from, to, baseTime }: RenderOptions): Files {
  const { problem } = input;
  switch (output) {
    case "svg": {
      const picture = gantt(problem, schedule, {
        ...(bridge === undefined ? {} : { node: bridge }),
        ...(title === undefined ? {} : { title }),
        ...(from === undefined ? {} : { fromNs: from * 1000 }),
        ...(to === undefined ? {} : { toNs: to * 1000 }),
      });
      if (!picture.ok) throw new Failure([`${picture.code}: ${picture.reason}`], "--bridge NAME shows the ports around one");
      return new Map([["schedule.svg", picture.value]]);
    }
    case "taprio":
      return new Map([
        ["taprio.sh", taprioScript(problem, schedule, { baseTimeNs: baseTime, ...(bridge === undefined ? {} : { bridge }) })],
      ]);
    case "csv":
      return new Map(Object.entries(writeTsnkit(problem, schedule)).map(([table, text]) => [`schedule-${table}.csv`, text]));
    case "yang": {
      const documents = [...yangOfBridges(input, schedule, { baseTimeNs: baseTime })].filter(
        ([id]) => bridge === undefined || id === bridge,
      );
      return new Map(documents.map(([id, document]) => [`${fileName(id)}.yang.json`, checkedText(id, document)]));
    }
    default:
      return output satisfies never;
  }
}

/** Nothing that breaks our own reading of the modules leaves the house. */
function checkedText(id: string, document: BridgeDocument): string {
  const checked = BridgeDocument.safeParse(document);
  if (checked.success) return `${JSON.stringify(document, null, 2)}\n`;
  const places = checked.error.issues.slice(0, 5).map(({ path, message }) => `${id}: /${path.map(String).join("/")}: ${message}`);
  throw new Failure(places, "the schedule asks of this bridge what its model cannot say");
}

/** A node may be called anything, and a file may not. */
const fileName = (id: string): string => id.replaceAll(/[^A-Za-z0-9_.-]/g, "_").replace(/^\.+/, "_");
