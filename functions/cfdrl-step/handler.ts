import { LearningDue, LearningUpdated, PolicyUpdated } from "../../events/learning.ts";
import { ScalingProposed } from "../../events/scaling.ts";
import { TwinSnapshotTaken } from "../../events/twin.ts";
import { defineFunction } from "../../runtime/function.ts";
import { openClusters } from "../../state/clusters.ts";
import { openPolicies } from "../../state/policies.ts";
import { openScaling } from "../../state/scaling.ts";
import { openSwitches } from "../../state/switches.ts";
import { act } from "./act.ts";
import { adopt } from "./adopt.ts";
import { openIntentLimits } from "./intent-limits.ts";
import { learn } from "./learn.ts";
import { openModels } from "./models.ts";
import { readTwin } from "./reading.ts";
import { openSettings } from "../settings.ts";

export default defineFunction({
  name: "cfdrl-step",
  summary: "Decides how many replicas a workload should have, learns from what came of it, and takes over the federation's models.",
  on: [TwinSnapshotTaken, LearningDue, PolicyUpdated],
  emits: [ScalingProposed, LearningUpdated],
  every: "* * * * *",
  resources: {
    settings: openSettings,
    scaling: openScaling,
    switches: openSwitches,
    clusters: openClusters,
    policies: openPolicies,
    models: openModels,
    limits: openIntentLimits,
  },
  async handle(event, scope) {
    switch (event.type) {
      case LearningDue.type:
        return learn(event, scope);
      case PolicyUpdated.type:
        await adopt(PolicyUpdated.data.parse(event.data), scope);
        return [];
      default: {
        const reading = readTwin(event.data);
        return reading === undefined ? [] : act(event, reading, scope);
      }
    }
  },
});
