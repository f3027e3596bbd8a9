import { expect, it } from "vitest";
import { decodeModel } from "../domain/learning/codec.ts";
import { DEVIATIONS } from "../domain/learning/model.ts";
import pretrained from "../domain/learning/pretrained/model.json" with { type: "json" };
import { FEATURES } from "../domain/learning/state.ts";
import { canary } from "../domain/scaling/canary.ts";
import { GENESIS_LINK, GENESIS_MODEL } from "./genesis.ts";

it("the model that ships is the one that its record is of, speaks of these features, and costs less than the HPA in the canary", () => {
  expect(GENESIS_LINK.modelSha256).toBe(pretrained.sha256);
  const model = decodeModel(GENESIS_MODEL);
  if (!model.ok) throw new Error(model.reason);
  const { layout } = model.value.weights;
  expect([layout[0], layout.at(-1)]).toEqual([FEATURES.length, DEVIATIONS.length]);
  const { current, hpa } = canary(model.value, model.value);
  expect(current).toBeLessThan(hpa);
});
