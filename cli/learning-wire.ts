// What the HTTP API says about scaling, as far as the command looks at it.

export interface Decision {
  readonly workload: string;
  readonly takenAt: string;
  readonly mode: string;
  readonly replicas: number;
  readonly learned?: number;
  readonly hpa?: number;
  readonly current: { readonly ready: number; readonly starting: number };
  readonly demandPods?: number;
  readonly guard: readonly string[];
  readonly fallback?: string;
  readonly model?: { readonly sha256: string; readonly round: number };
}

export interface Decisions {
  readonly decisions: readonly Decision[];
}

export interface Link {
  readonly round: number;
  readonly outcome: string;
  readonly modelSha256: string;
}

export interface LearningStatus {
  readonly client: string;
  readonly killed: boolean;
  readonly mode: string;
  readonly modes: Readonly<Record<string, string>>;
  readonly model: { readonly sha256: string; readonly round: number; readonly fault?: string };
  readonly round: { readonly round: number; readonly endsAt?: string; readonly updates: readonly string[] };
  readonly federation: {
    readonly clients: readonly string[];
    readonly rule: string;
    readonly byzantine: number;
    readonly quorum: number;
    readonly aggregates: boolean;
  };
  readonly links: readonly Link[];
  readonly workloads: readonly string[];
  readonly clusters: readonly {
    readonly name: string;
    readonly usable: boolean;
    readonly cpuCores: number;
    readonly ramBytes: number;
    readonly pods: number;
  }[];
}

interface Totals {
  readonly cost: number;
  readonly violationMinutes: number;
  readonly podMinutes: number;
  readonly moves: number;
}

export interface ShadowReport {
  readonly workload: string;
  readonly from: string;
  readonly to: string;
  readonly periods: number;
  readonly pieces: number;
  readonly observed: Totals;
  readonly hpa: Totals;
  readonly learner: Totals;
  readonly saved: Totals;
  readonly fallbacks: Readonly<Record<string, number>>;
  readonly guards: Readonly<Record<string, number>>;
  readonly agreement?: number;
  readonly measuredDemand: number;
}

export interface ShadowReports {
  readonly reports: readonly ShadowReport[];
}
