/**
 * The name of what one expectation brings about, the same for every generation, so that a controller can be asked for it.
 * The last hyphen divides it: hyphens of the expectation id become `~`, which no id may hold, so that no two pairs read alike.
 */
export const effectName = (intentId: string, expectationId: string): string => `${intentId}-${expectationId.replaceAll("-", "~")}`;
