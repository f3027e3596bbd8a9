import { partPath } from "../../../scripts/real/part.ts";
import { findProgram } from "../../../scripts/services/programs.ts";
import type { ClusterPrograms } from "./cluster.ts";

/** What a cluster is started from; without one of the two the reason is printed, and the caller skips what needs it. */
export async function clusterPrograms(): Promise<ClusterPrograms | undefined> {
  const [etcd, apiServer] = [findProgram("etcd"), await partPath("kube-apiserver")];
  if (etcd === undefined) console.log("skipped for want of etcd: install one, as with apt-get install etcd-server; it need not be running");
  return etcd === undefined || apiServer === undefined ? undefined : { etcd, apiServer };
}
