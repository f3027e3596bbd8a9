import type { AggregationRule } from "../../domain/learning/model.ts";
import { learnedPolicy, marginPolicy } from "../../domain/learning/policies.ts";
import { fork } from "../../domain/learning/random.ts";
import { ENVIRONMENT, type Policy, simulate, totalsOf } from "../../domain/learning/simulate.ts";
import { normalisationOf } from "../../domain/learning/train.ts";
import { type Attack, ATTACKS } from "./attacks.ts";
import { federate, FEDERATION_DEFAULTS, type FederationSettings } from "./federation.ts";
import type { Part } from "./splits.ts";
import { asDemand } from "./trace.ts";

export const RULES = ["fed-avg", "trimmed-mean", "median", "multi-krum"] as const satisfies readonly AggregationRule[];

/** An attack may cost at most this many times what the same rule costs without one. */
export const ATTACK_LIMIT = 1.1;

export interface UnderAttack {
  readonly settings: FederationSettings;
  readonly rule: number;
  /** Validation cost per tick of the global model after the last round. */
  readonly costs: Readonly<Record<AggregationRule, Readonly<Record<Attack, number>>>>;
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
          const cost = costOf(learnedPolicy(federate(rule, attack, perMinute, normalisation, seed, settings)));
          say(`${rule} ${attack} ${cost.toFixed(3)}`);
          return [attack, cost];
        }),
      ),
    ]),
  ) as UnderAttack["costs"];
  return { settings, rule: costOf(marginPolicy()), costs };
}

/** The table that `npm run evaluate -- attacks` prints. */
export function describeAttacks({ settings, rule, costs }: UnderAttack): string {
  const { clients, malicious, rounds, localMinutes } = settings;
  const cell = (of: AggregationRule, attack: Attack): string => {
    const ratio = costs[of][attack] / costs[of].none;
    return attack === "none"
      ? costs[of][attack].toFixed(3)
      : `${costs[of][attack].toFixed(3)} ×${ratio.toFixed(2)}${ratio > ATTACK_LIMIT ? " !" : "  "}`;
  };
  const line = (cells: readonly string[]): string => cells.map((text, i) => (i === 0 ? text.padEnd(14) : text.padStart(15))).join("");
  return [
    `${String(clients)} clients, ${String(malicious)} malicious, ${String(rounds)} rounds of ${String(localMinutes)} minutes each; validation cost per tick, and how many times that without attack (! above ${String(ATTACK_LIMIT)})`,
    "",
    line(["", ...RULES]),
    ...ATTACKS.map((attack) => line([attack, ...RULES.map((of) => cell(of, attack))])),
    "",
    `the rule alone costs ${rule.toFixed(3)}`,
  ].join("\n");
}
