import { describe, expect, it } from "vitest";
import { at, container, oomKilled, pod, terminated, waiting } from "../../test/support/pods.ts";
import { twinFixture } from "../../test/support/twin-fixtures.ts";
import { podFrom } from "./pod-from.ts";
import type { Pod } from "./pod.ts";
import { statusOf } from "./status.ts";

const of = (given: Partial<Pod>, ready = false) => {
  const { status, phase, reason } = statusOf(pod(given, ready));
  return [status, phase, reason];
};

describe("statusOf", () => {
  it.each([
    ["CrashLoopBackOff"],
    ["ImagePullBackOff"],
    ["ErrImagePull"],
    ["InvalidImageName"],
    ["CreateContainerConfigError"],
    ["CreateContainerError"],
    ["RunContainerError"],
  ])("calls a container that waits for %s a failure", (reason) => {
    expect(of({ containers: [container({ state: waiting(reason) })] })).toEqual(["Failure", "Running", reason]);
  });

  it("calls it a failure although the pod says Ready", () => {
    expect(of({ containers: [container(), container({ name: "b", state: waiting("CrashLoopBackOff") })] }, true)).toEqual([
      "Failure",
      "Running",
      "CrashLoopBackOff",
    ]);
  });

  it("takes the fixture's odd reasons as they are: what is spelled otherwise is not Kubernetes' word", () => {
    expect(of({ containers: [container({ state: waiting("CrashLoopBackoff") })] })).toEqual(["Running", "Running", "CrashLoopBackoff"]);
  });

  it.each([
    ["Error", 1, "Error"],
    [null, 2, "ExitCode:2"],
    [null, 137, "Signal:9"],
  ])("calls a container that ended with %s, %i a failure by its reason", (reason, exitCode, said) => {
    expect(of({ containers: [container({ state: terminated(reason, exitCode) })] })).toEqual(["Failure", "Running", said]);
  });

  it("calls no container that ended well a failure", () => {
    expect(of({ containers: [container({ state: terminated("Completed", 0) })] }, true)).toEqual(["Ready", "Running", null]);
    expect(of({ phase: "Succeeded", containers: [container({ state: terminated("Completed", 0) })] })).toEqual([
      null,
      "Succeeded",
      "Completed",
    ]);
  });

  it("names an init container's failure as kubectl does", () => {
    expect(of({ phase: "Pending", containers: [container({ kind: "init", state: terminated("Error", 1) })] })).toEqual([
      "Failure",
      "Pending",
      "Init:Error",
    ]);
  });

  it.each<[Partial<Pod>, string]>([
    [{ phase: "Failed", reason: "Evicted" }, "Evicted"],
    [{ phase: "Failed", containers: [] }, "Failed"],
    [{ phase: "Unknown" }, "Unknown"],
    [{ reason: "NodeLost", deletionAt: at(1) }, "NodeLost"],
  ])("calls %j a failure", (given, reason) => {
    expect(of(given)).toEqual(["Failure", given.phase ?? "Running", reason]);
  });

  it("calls a pod that is being deleted neither ready nor failed, whatever SIGTERM makes of its containers", () => {
    expect(of({ deletionAt: at(1), containers: [container({ state: terminated("Error", 143) })] }, true)).toEqual([
      null,
      "Terminating",
      null,
    ]);
  });

  it("tells Ready, Running and what is neither", () => {
    expect(of({}, true)).toEqual(["Ready", "Running", null]);
    expect(of({ containers: [container({ state: waiting("PodInitializing") })] })).toEqual(["Running", "Running", "PodInitializing"]);
    expect(of({ phase: "Pending", containers: [container({ state: waiting("ContainerCreating") })] })).toEqual([
      null,
      "Pending",
      "ContainerCreating",
    ]);
    expect(of({ phase: "Pending", conditions: [], containers: [] })).toEqual([null, "Pending", null]);
  });

  it("keeps how a crashing container ended last", () => {
    const crashed = statusOf(pod({ containers: [container({ state: waiting("CrashLoopBackOff"), lastTermination: oomKilled })] }));
    expect(crashed).toMatchObject({ status: "Failure", exitCode: 137, at: at(0) });
  });

  it.each([
    ["kubelet/pods.json", [null, "Ready", "Ready", "Ready", "Ready", "Ready", null, null, "Ready", "Ready"]],
    ["kubelet/pods_crashed.json", [null, "Failure", "Ready", "Ready", "Ready", "Ready"]],
  ])("knows the pods of the real list %s", (file, statuses) => {
    const { items } = JSON.parse(twinFixture(file)) as { items: readonly unknown[] };
    const pods = items.map((item) => {
      const read = podFrom(item);
      if (!read.ok) throw new Error(read.reason);
      return read.value;
    });
    expect(pods.map((one) => statusOf(one).status)).toEqual(statuses);
  });
});
