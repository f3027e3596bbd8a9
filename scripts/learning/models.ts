import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { decodeModel, encodeModel, toBase64 } from "../../domain/learning/codec.ts";
import { DEVIATIONS, type Model } from "../../domain/learning/model.ts";
import { CELLS } from "../../domain/learning/tabular-policy.ts";
import { newTable, type Table } from "../../domain/learning/tabular.ts";

export const SEEDS_FILE = join(import.meta.dirname, "seeds.json");
export const SHIPPED_FILE = join(import.meta.dirname, "../../domain/learning/pretrained/model.json");

const SeedsFile = z.object({
  table: z.array(z.number()),
  models: z.array(z.object({ seed: z.int(), sha256: z.string(), model: z.base64() })),
});

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** A model as files keep it. */
export function packed(model: Model): { readonly sha256: string; readonly model: string } {
  const bytes = encodeModel(model);
  return { sha256: sha256(bytes), model: toBase64(bytes) };
}

export function unpacked(entry: { readonly sha256: string; readonly model: string }): Model {
  const bytes = Buffer.from(entry.model, "base64");
  const decoded = decodeModel(bytes);
  if (sha256(bytes) !== entry.sha256 || !decoded.ok) throw new Error(`model ${entry.sha256} is not what it was when it was trained`);
  return decoded.value;
}

const saved = () => SeedsFile.parse(JSON.parse(readFileSync(SEEDS_FILE, "utf8")));

/** The models of as many seeds as `npm run train` has made, at most `count`. */
export const seedModels = (count: number): Model[] => saved().models.slice(0, count).map(unpacked);

/** The tabular learner that it has made beside them. */
export const savedTable = (): Table => ({ ...newTable(CELLS, DEVIATIONS.length), values: Float64Array.from(saved().table) });
