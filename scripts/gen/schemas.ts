import { z } from "zod";
import { schemaId } from "../../events/define.ts";
import { BANNER, type Generator, readEventTypes } from "./files.ts";

export const SCHEMAS = "events/schemas";

/** One JSON Schema an event type: what an event's `dataschema` names. Describes what is accepted, so what has a default may be absent. */
export const eventSchemas: Generator = async (root) => {
  const types = await readEventTypes(root);
  return new Map(
    types.map(({ type, summary, data }) => {
      const { $schema, ...schema } = z.toJSONSchema(data, { target: "draft-2020-12", io: "input" });
      const whole = { $schema, $id: schemaId(type), $comment: BANNER, title: type, description: summary, ...schema };
      return [`${SCHEMAS}/${type}.json`, `${JSON.stringify(whole, undefined, 2)}\n`] as const;
    }),
  );
};
