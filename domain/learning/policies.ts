import { decide } from "./decide.ts";
import { demandOf, forecast, marginReplicas, remember, ruleReplicas } from "./demand.ts";
import { emptyMemory, EnvelopeSettings, HpaSettings, type Model } from "./model.ts";
import type { Policy } from "./simulate.ts";

/*
 * Everybody that the learner is compared with, as they would be run. Each call makes one with a memory of its own.
 */

/**
 * Limits of the simulated cluster. The HPA there decides every 30 s and not every 15 s: its scale-up policies, twice applied, are 300 % and
 * 8 pods.
 */
export const SIMULATED_HPA = { scaleUpPercent: 300, scaleUpPods: 8, policyPeriodMs: 30_000 } as const;

/** The Kubernetes HPA, exact, on CPU. @param targetUtilisation of the limit, 0 to 1. */
export function hpaPolicy(targetUtilisation: number, scaleDownWindowMs = 300_000): Policy {
  const hpa = HpaSettings.parse({ ...SIMULATED_HPA, targetUtilisation, scaleDownWindowMs });
  const envelope = EnvelopeSettings.parse({});
  let memory = emptyMemory;
  return (observation) => {
    const decided = decide({ observation, memory, nowMs: observation.atMs, mode: "off", killed: false, model: "NO_MODEL", envelope, hpa });
    memory = decided.memory;
    return decided.decision.replicas;
  };
}

/** Enough for the greatest demand of the last 5 min at a target utilisation. */
export function rulePolicy(targetUtilisation: number): Policy {
  let memory = emptyMemory;
  return (observation) => {
    memory = remember(memory, demandOf(observation));
    return ruleReplicas(memory.demand, targetUtilisation);
  };
}

/** The same number, whatever happens. */
export const staticPolicy =
  (replicas: number): Policy =>
  () =>
    replicas;

/** Ticks that the seasonal predictor looks ahead, and that it compares today with yesterday by. */
const AHEAD_TICKS = 5;
const RATIO_TICKS = 20;

/**
 * Yesterday's greatest demand of the next 5 ticks, scaled by how today compares with yesterday (the last 20 ticks, within 0.67 and 1.5), at
 * least the last demand; what it asked for in the last 5 min is kept.
 */
export function seasonalPolicy(targetUtilisation: number, dayTicks = 2880): Policy {
  const demand: number[] = [];
  const asked: number[] = [];
  const total = (from: number, ticks: number): number => demand.slice(from, from + ticks).reduce((sum, x) => sum + x, 0);
  return (observation) => {
    demand.push(demandOf(observation));
    const t = demand.length;
    const last = demand[t - 1] as number;
    const yesterday = t - dayTicks;
    let predicted = Math.max(...demand.slice(-2));
    if (yesterday >= RATIO_TICKS) {
      const before = total(yesterday - RATIO_TICKS, RATIO_TICKS);
      const ratio = before > 0 ? total(t - RATIO_TICKS, RATIO_TICKS) / before : 1;
      predicted = Math.max(...demand.slice(yesterday, yesterday + AHEAD_TICKS)) * Math.min(Math.max(ratio, 0.67), 1.5);
    }
    asked.push(Math.max(1, Math.ceil(Math.max(predicted, last) / targetUtilisation)));
    return Math.max(...asked.slice(-10));
  };
}

/** The learner in mode act: mask, network, envelope, and the HPA where it cannot be trusted; with `mustEarn` also where it is not ahead of it. */
export function learnedPolicy(model: Model, settings: Partial<EnvelopeSettings> = {}, hpaTarget = 0.6, mustEarn = false): Policy {
  const hpa = HpaSettings.parse({ ...SIMULATED_HPA, targetUtilisation: hpaTarget });
  const envelope = EnvelopeSettings.parse(settings);
  let memory = emptyMemory;
  return (observation) => {
    const decided = decide({ observation, memory, nowMs: observation.atMs, mode: "act", killed: false, model, envelope, hpa, mustEarn });
    memory = decided.memory;
    return decided.decision.replicas;
  };
}

/** Enough for the level and so many of its forecast's errors. */
export function marginPolicy(margin?: number): Policy {
  let memory = emptyMemory;
  return (observation) => {
    memory = remember(memory, demandOf(observation));
    return marginReplicas(forecast(memory.demand), margin);
  };
}
