import type { AggregationRule } from "../../domain/learning/model.ts";
import { learnedPolicy, marginPolicy } from "../../domain/learning/policies.ts";
import { fork } from "../../domain/learning/random.ts";
import { ENVIRONMENT, type Policy, simulate, totalsOf } from "../../domain/learning/simulate.ts";
import { calibrateHurdle, normalisationOf } from "../../domain/learning/train.ts";
import { type Attack, ATTACKS } from "./attacks.ts";
import { federate, FEDERATION_DEFAULTS, type FederationSettings } from "./federation.ts";
import type { Part } from "./splits.ts";
import { asDemand } from "./trace.ts";

export const RULES = ["fed-avg", "trimmed-mean", "median", "multi-krum", "cosine-krum"] as const satisfies readonly AggregationRule[];

/** An attack may cost at most this many times what the same rule costs without one. */
export const ATTACK_LIMIT = 1.1;

export interface Cost {
  /** As the rounds left it. */
  readonly raw: number;
  /** As `npm run train` would let it out: its hurdle calibrated on the training days. */
  readonly adopted: number;
}

export interface UnderAttack {
  readonly settings: FederationSettings;
  readonly rule: number;
  /** Validation cost per tick of the global model after the last round. */
  readonly costs: Readonly<Record<AggregationRule, Readonly<Record<Attack, Cost>>>>;
}

/** Trains a federation for every rule and attack, and says what each global model costs. @param say hears of each as it is known. */
export function compareUnderAttack(
  train: Part,
  validation: Part,
  seed: number,
  say: (line: string) => void,
  settings: FederationSettings = FEDERATION_DEFAULTS,
): UnderAttack {
  const perMinute = Float32Array.from(train.trace.requests, (requests) => requests / train.perPod);
  const normalisation = normalisationOf(perMinute, fork(seed, 0));
  const demand = asDemand(validation.trace.requests, validation.perPod);
  const costOf = (policy: Policy): number => totalsOf(simulate(policy, demand), ENVIRONMENT).cost;
  const costs = Object.fromEntries(
    RULES.map((rule) => [
      rule,
      Object.fromEntries(
        ATTACKS.map((attack) => {
          const model = federate(rule, attack, perMinute, normalisation, seed, settings);
          const hurdle = calibrateHurdle(model, perMinute, fork(seed, 3));
          const cost = { raw: costOf(learnedPolicy(model)), adopted: costOf(learnedPolicy({ ...model, hurdle })) };
          say(`${rule} ${attack} raw ${cost.raw.toFixed(3)} adopted ${cost.adopted.toFixed(3)} hurdle ${String(hurdle)}`);
          return [attack, cost];
        }),
      ),
    ]),
  ) as UnderAttack["costs"];
  return { settings, rule: costOf(marginPolicy()), costs };
}

/** The tables that `npm run evaluate -- attacks` prints. */
export function describeAttacks({ settings, rule, costs }: UnderAttack): string {
  const { clients, malicious, rounds, localMinutes } = settings;
  const cell = (of: AggregationRule, attack: Attack, as: keyof Cost): string => {
    const cost = costs[of][attack][as];
    const ratio = cost / costs[of].none[as];
    return attack === "none"
      ? `${cost.toFixed(3)}        `
      : `${cost.toFixed(3)} ×${ratio.toFixed(2)}${ratio > ATTACK_LIMIT ? " !" : "  "}`;
  };
  const line = (cells: readonly string[]): string => cells.map((text, i) => (i === 0 ? text.padEnd(14) : text.padStart(15))).join("");
  const table = (title: string, as: keyof Cost): string[] => [
    title,
    line(["", ...RULES]),
    ...ATTACKS.map((attack) => line([attack, ...RULES.map((of) => cell(of, attack, as))])),
    "",
  ];
  return [
    `${String(clients)} clients, ${String(malicious)} malicious, ${String(rounds)} rounds of ${String(localMinutes)} minutes each; validation cost per tick, and how many times that without attack (! above ${String(ATTACK_LIMIT)}).`,
    `The rule alone costs ${rule.toFixed(3)}.`,
    "",
    ...table("the global model as the rounds left it", "raw"),
    ...table("with its hurdle calibrated on the training days, as npm run train does before a model is let out", "adopted"),
  ].join("\n");
}
