import { describe, expect, it } from "vitest";
import { simulateRequests } from "./discrete.ts";
import { staticPolicy } from "./policies.ts";
import { seeded } from "./random.ts";
import { ENVIRONMENT, newWorkload, podsOf, scaleTo, serve, simulate, totalsOf } from "./simulate.ts";

const constant = (ticks: number, work: number): Float32Array => new Float32Array(ticks).fill(work);

describe("the fluid simulator", () => {
  it("lets a new pod be paid for at once and serve after its start-up of two ticks", () => {
    const workload = newWorkload(ENVIRONMENT);
    scaleTo(workload, 5, ENVIRONMENT);
    const served = [1, 2, 3].map(() => serve(workload, 0, ENVIRONMENT)).map(({ pods, ready }) => [pods, ready]);
    expect(served).toEqual([
      [5, 3],
      [5, 3],
      [5, 5],
    ]);
  });

  it("takes the youngest pods away first, and at once", () => {
    const workload = newWorkload(ENVIRONMENT);
    scaleTo(workload, 4, ENVIRONMENT);
    serve(workload, 0, ENVIRONMENT);
    scaleTo(workload, 6, ENVIRONMENT);
    expect(scaleTo(workload, 4, ENVIRONMENT)).toBe(2);
    expect([workload.ready, workload.starting]).toEqual([3, [1, 0]]);
    scaleTo(workload, 2, ENVIRONMENT);
    expect([workload.ready, podsOf(workload)]).toEqual([2, 2]);
  });

  it("carries over what could not be served, up to four ticks of it", () => {
    const workload = newWorkload(ENVIRONMENT);
    expect(serve(workload, 5, ENVIRONMENT).utilisation).toBeCloseTo(5 / 3, 6);
    expect(workload.backlog).toBe(2);
    expect(serve(workload, 2, ENVIRONMENT)).toMatchObject({ violated: true });
    serve(workload, 100, ENVIRONMENT);
    expect(workload.backlog).toBe(12);
  });

  it("counts a tick as violated above 80 % of the ready capacity, and not at it", () => {
    expect(serve(newWorkload(ENVIRONMENT), 2.4, ENVIRONMENT).violated).toBe(false);
    expect(serve(newWorkload(ENVIRONMENT), 2.41, ENVIRONMENT).violated).toBe(true);
  });

  it("costs pods, violations and moves", () => {
    const totals = totalsOf(simulate(staticPolicy(5), constant(100, 3)), ENVIRONMENT);
    // The first tick is served by 3 pods, two more are started; 3 pods of work are too much for 3 pods until they serve.
    expect(totals).toMatchObject({ podMinutes: (3 + 99 * 5) / 2, violationMinutes: 1.5, moves: 2 });
    expect(totals.cost).toBeCloseTo((3 + 99 * 5 + 3 * 20 + 2 * 0.2) / 100, 4);
  });
});

/** Erlang's C: chance that an arrival has to wait in M/M/c; `offered` in servers. Cooper, Introduction to Queueing Theory, 1981. */
function erlangC(servers: number, offered: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; k < servers; k += 1) sum += term *= offered / k;
  const last = (term * offered) / servers / (1 - offered / servers);
  return last / (sum + last);
}

describe("the request-by-request simulator", () => {
  const PER_SECOND = 2;
  it.each([
    [1, 0.5],
    [3, 2.1],
    [5, 4],
    [8, 7],
  ] as const)("%i pods under %f of work wait as Erlang's C says", (pods, offered) => {
    const environment = { ...ENVIRONMENT, initialReplicas: pods };
    const run = simulateRequests(staticPolicy(pods), constant(6000, offered), PER_SECOND, seeded(5), environment);
    const waits = erlangC(pods, offered);
    expect(run.waited / run.arrived).toBeCloseTo(waits, 1);
    expect(Math.abs(run.waited / run.arrived / waits - 1)).toBeLessThan(0.06);
    const meanWait = waits / (PER_SECOND * (pods - offered));
    expect(Math.abs(run.meanWaitSeconds / meanWait - 1)).toBeLessThan(0.12);
  });

  it("is busy for as much as arrives, below capacity", () => {
    const { utilisation } = simulateRequests(staticPolicy(4), constant(4000, 2.8), PER_SECOND, seeded(6), {
      ...ENVIRONMENT,
      initialReplicas: 4,
    });
    expect(utilisation.reduce((sum, x) => sum + x, 0) / utilisation.length).toBeCloseTo(0.7, 1);
  });

  it("overloaded, its queue grows as the fluid's backlog does", () => {
    const ticks = 3;
    const perSecond = 50;
    const fluid = newWorkload(ENVIRONMENT);
    for (let t = 0; t < ticks; t += 1) serve(fluid, 3.9, ENVIRONMENT);
    const { inSystem } = simulateRequests(staticPolicy(3), constant(ticks, 3.9), perSecond, seeded(7));
    const backlogRequests = (fluid.backlog * perSecond * ENVIRONMENT.tickMs) / 1000;
    expect(Math.abs((inSystem.at(-1) as number) / backlogRequests - 1)).toBeLessThan(0.08);
  });

  it("has new pods serve after their start-up, as the fluid has", () => {
    const { pods, utilisation } = simulateRequests(staticPolicy(6), constant(6, 3), 50, seeded(8));
    expect(pods).toEqual([3, 6, 6, 6, 6, 6]);
    expect(utilisation.map((x) => x > 0.9)).toEqual([true, true, true, false, false, false]);
  });
});
