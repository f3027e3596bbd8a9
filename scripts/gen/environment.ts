import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { BANNER, type Generator, readExport } from "./files.ts";

const PAGE = "docs/operations.md";
const BEGIN = "<!-- environment:begin -->";
const END = "<!-- environment:end -->";

interface Variable {
  readonly description?: string;
  readonly enum?: readonly unknown[];
}

const cell = (value: string): string => value.replaceAll("|", "\\|").replaceAll("\n", " ");

/** A default may come after a transformation, so the schema is asked what it makes of nothing. */
function preset(variable: z.core.$ZodType): string {
  const { success, data } = z.safeParse(variable, undefined);
  if (!success || data === undefined || (Array.isArray(data) && data.length === 0)) return "–";
  return `\`${typeof data === "string" ? data : JSON.stringify(data)}\``;
}

function table(environment: z.ZodObject): string {
  const { properties = {} } = z.toJSONSchema(environment, { io: "input", unrepresentable: "any" });
  const rows = Object.entries(environment.shape).map(([name, variable]) => {
    const { description, enum: words } = properties[name] as Variable;
    if (description === undefined) throw new Error(`runtime/config.ts does not describe ${name}`);
    const meaning = words === undefined ? description : `${description} (${words.map(String).join(", ")})`;
    return `| \`${name}\` | ${cell(meaning)} | ${cell(preset(variable))} |`;
  });
  return ["| variable | what it says | default |", "|---|---|---|", ...rows].join("\n");
}

/** The table of the environment in the operator's page, between its two markers; the rest of the page is written by hand. */
export const environment: Generator = async (root) => {
  if (!existsSync(join(root, PAGE))) return new Map();
  const page = await readFile(join(root, PAGE), "utf8");
  const [before, rest, ...more] = page.split(BEGIN);
  const [, after] = rest?.split(END) ?? [];
  if (before === undefined || after === undefined || more.length > 0) throw new Error(`${PAGE} has to have ${BEGIN} and ${END}, once each`);
  const schema = await readExport(root, "runtime/config.ts", "Environment");
  if (!(schema instanceof z.ZodObject)) throw new Error("runtime/config.ts has to export its schema as Environment");
  return new Map([[PAGE, `${before}${BEGIN}\n<!-- ${BANNER} -->\n\n${table(schema)}\n\n${END}${after}`]]);
};
