import { z } from "zod";
import { CostLink, CostNode, MapError } from "../domain/topology/model.ts";
import { defineEvent } from "./define.ts";

export const CostMapDue = defineEvent({
  type: "eu.meta-os.nemo.cost-map.due.v1",
  summary: "It is time to look whether something in the cost maps has grown old, and whether a heartbeat is due.",
  data: z.strictObject({}),
});

export const CostMapPublished = defineEvent({
  type: "eu.meta-os.nemo.cost-map.published.v1",
  summary: "A cluster's cost map has changed by more than its dead-bands, or it has not and the heartbeat says so.",
  data: z.strictObject({
    cluster: z.string(),
    /** Grows by one with every publication of this cluster. */
    seq: z.int().positive(),
    /** Of this state of the map; ALTO's responses carry it too. */
    tag: z.string(),
    previousTag: z.string().nullable(),
    publishedAt: z.iso.datetime({ precision: 3 }),
    reason: z.enum(["change", "heartbeat"]),
    /** `map`: the whole map. `change`: what differs from `previousTag`. `notice`: too much for a message, ask ALTO or `/v1/cost-maps`. */
    carries: z.enum(["map", "change", "notice"]),
    /** Absent where a change did not touch them. */
    nodes: z.array(CostNode).optional(),
    links: z.array(CostLink),
    /** Names of the links that are out of the map. */
    removed: z.array(z.string()),
    /** Of a change: those of its links, and of its nodes where it has some. */
    errors: z.array(MapError),
  }),
});
