import type { LearningSettings } from "../domain/scaling/settings.ts";
import type { Backing } from "../state/backing.ts";

/** The operator's settings, asked for when they are needed: a host of other functions has none. */
export type Settings = () => LearningSettings;

export const openSettings =
  ({ learning }: Pick<Backing, "learning">): Settings =>
  () => {
    if (learning === undefined) throw new Error("the host was started without learning settings");
    return learning;
  };
