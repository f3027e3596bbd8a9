import type { LearningSettings } from "../../domain/scaling/settings.ts";
import type { Event } from "../../events/define.ts";
import { openModels } from "../../functions/cfdrl-step/models.ts";
import type { Broker } from "../../runtime/broker/broker.ts";
import type { Logger } from "../../runtime/log.ts";
import type { Backing } from "../../state/backing.ts";
import { openClusters } from "../../state/clusters.ts";
import { openRounds } from "../../state/rounds.ts";
import { openScaling } from "../../state/scaling.ts";
import { openSwitches } from "../../state/switches.ts";
import type { LearningParts } from "../api/learning.ts";
import { consumeClusters } from "./clusters.ts";
import { relayProposals } from "./relay.ts";
import { openScaler } from "./scale.ts";

interface Parts {
  readonly backing: Backing;
  readonly settings: LearningSettings;
  readonly broker: Broker;
  readonly publish: (events: readonly Event[]) => Promise<void>;
  readonly now: () => Date;
  readonly log: Logger;
}

/** Everything about scaling that runs all the time: the meta-orchestrator's queues, the Deployments, and what the API shows. */
export async function openLearning({
  backing,
  settings,
  broker,
  publish,
  now,
  log,
}: Parts): Promise<{ parts: LearningParts; stop(): Promise<void> }> {
  const { clustersQueue, scalingQueue } = settings.orchestrator;
  const clusters = openClusters(backing);
  const scaler = settings.scaleDeployments ? openScaler(backing.controllers) : undefined;
  const consumers = [
    ...(clustersQueue === undefined ? [] : [await consumeClusters({ broker, queue: clustersQueue, clusters, publish, now, log })]),
    ...(scalingQueue === undefined && scaler === undefined
      ? []
      : [
          await relayProposals({
            broker,
            now,
            log,
            ...(scalingQueue === undefined ? {} : { queue: scalingQueue }),
            ...(scaler === undefined ? {} : { scaler }),
          }),
        ]),
  ];
  return {
    parts: {
      settings,
      scaling: openScaling(backing),
      switches: openSwitches(backing),
      clusters,
      rounds: openRounds(backing),
      models: openModels(backing),
      publish,
    },
    async stop() {
      await Promise.all(consumers.map((consumer) => consumer.stop()));
      await scaler?.close();
    },
  };
}
