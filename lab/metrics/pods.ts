/** A pod of the simulated cluster, as far as its metrics go. */
export interface PodObject {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly app: string;
  readonly container: string;
  readonly node: string;
  readonly ready: boolean;
  readonly restarts: number;
  readonly createdMs: number;
  readonly memoryLimitBytes: number;
  /** Whether a proxy was put beside it. */
  readonly meshed: boolean;
}

interface Stored {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly creationTimestamp: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

interface Spec {
  readonly nodeName?: string;
  readonly containers?: readonly { readonly name: string; readonly resources?: { readonly limits?: Readonly<Record<string, string>> } }[];
}
interface Status {
  readonly containerStatuses?: readonly { readonly ready: boolean; readonly restartCount: number }[];
}

const MEBIBYTE = 1 << 20;

/** Linkerd's injector labels what it has put a proxy into. */
const MESHED = "linkerd.io/control-plane-ns";

export function podObject({ metadata, ...rest }: Stored): PodObject {
  const { nodeName = "", containers: [container] = [] } = (rest["spec"] ?? {}) as Spec;
  const { containerStatuses: [status] = [] } = (rest["status"] ?? {}) as Status;
  const [, mebibytes = "128"] = /^(\d+)Mi$/.exec(container?.resources?.limits?.["memory"] ?? "") ?? [];
  return {
    uid: metadata.uid,
    namespace: metadata.namespace ?? "",
    name: metadata.name,
    app: metadata.labels?.["app"] ?? "",
    container: container?.name ?? "main",
    node: nodeName,
    ready: status?.ready ?? false,
    restarts: status?.restartCount ?? 0,
    createdMs: Date.parse(metadata.creationTimestamp),
    memoryLimitBytes: Number(mebibytes) * MEBIBYTE,
    meshed: metadata.labels?.[MESHED] !== undefined,
  };
}
