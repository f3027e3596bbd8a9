/** A program of a platform that `npm run test:real` runs our side against. */
export interface Part {
  readonly name: string;
  readonly version: string;
  readonly source: ModuleSource | FolderSource;
  /** More arguments of `go build`. */
  readonly flags?: readonly string[];
  /** Names a program that is there already, and is then taken unseen. */
  readonly variable: string;
  /** The folders of test/real that need it. */
  readonly usedBy: readonly string[];
}

/** A package of a published module. What it imports is pinned by the module's own go.sum. */
interface ModuleSource {
  readonly module: string;
  readonly package: string;
  /** The hash of the module, as `go mod download -json` gives it (go.dev/ref/mod#go-sum-files); absent, Go's checksum database alone vouches for it. */
  readonly sum?: string;
}

/** A Go module of this repository, with go.mod and go.sum, for what no module of its own can build. */
interface FolderSource {
  readonly folder: string;
}

const knative = (program: string): Part => ({
  name: `knative-${program}`,
  version: "v0.48.0",
  source: {
    module: "knative.dev/eventing-rabbitmq",
    package: `cmd/${program}`,
    sum: "h1:x20TB0TI+eF5Y9G2Irchtbr/FFRppWiZkoge78S5s/c=",
  },
  variable: `REAL_KNATIVE_${program.toUpperCase()}`,
  usedBy: ["knative", "matrix"],
});

const KUBERNETES = "v1.35.4";

export const parts = [
  knative("ingress"),
  knative("dispatcher"),
  {
    name: "faas-cli",
    version: "v0.0.0-20211012083206-08e3e965c831",
    source: { module: "github.com/openfaas/faas-cli", package: ".", sum: "h1:KQFZ7NCDm+T95gdtas0MpQQF799XtzKEWB+XvSoAoMI=" },
    variable: "REAL_FAAS_CLI",
    usedBy: ["faas-cli"],
  },
  {
    name: "of-watchdog",
    version: "v0.0.0-20260513144341-9bdadb1e8c68",
    source: { module: "github.com/openfaas/of-watchdog", package: "." },
    variable: "REAL_OF_WATCHDOG",
    usedBy: ["watchdog", "matrix"],
  },
  {
    name: "kube-apiserver",
    version: KUBERNETES,
    // k8s.io/kubernetes is made of modules that its go.mod finds beside itself: only a module that says where else they are can build it.
    source: { folder: "test/real/kube-apiserver" },
    flags: ["-trimpath", "-buildvcs=false", "-ldflags", `-s -w -X k8s.io/component-base/version.gitVersion=${KUBERNETES}`],
    variable: "REAL_KUBE_APISERVER",
    usedBy: ["kubernetes"],
  },
] as const satisfies readonly Part[];

export type PartName = (typeof parts)[number]["name"];
