// What the HTTP API sends, as far as the command looks at it (/openapi.json has all of it). Declared here and not imported from the server: the
// command is a client like any other.

export interface Problem {
  readonly document: number;
  readonly intentId?: string;
  readonly path?: string;
  readonly line?: number;
  readonly code: string;
  readonly reason: string;
}

/** RFC 9457. */
export interface ProblemDetails {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail?: string;
  readonly problems?: readonly Problem[];
}

export interface Order {
  readonly executioner: string;
  readonly resource: string;
  readonly action: string;
  readonly state: string;
  readonly effect?: string;
  readonly code?: string;
  readonly reason?: string;
  readonly residue?: readonly string[];
}

interface FulfilmentInfo {
  readonly fulfilmentStatus: string;
  readonly notFullfilledState?: string;
  readonly notFulfilledReasons?: readonly string[];
}

export interface TargetResult {
  readonly targetName: string;
  readonly targetFulfilmentInfo: FulfilmentInfo;
  readonly targetAchievedValue?: number | string;
  readonly targetAchievedValueSource?: string;
}

/** TS 28.312; `notFullfilledState` and `expectaitonId` are the standard's spelling. */
export interface IntentReport {
  readonly id: string;
  readonly intentReference: string;
  readonly lastUpdatedTime: string;
  readonly intentFulfilmentReport: {
    readonly intentFulfilmentInfo: FulfilmentInfo;
    readonly expectationFulfilmentResult: readonly {
      readonly expectaitonId: string;
      readonly expectationFulfilmentInfo: FulfilmentInfo;
      readonly targetFulfilmentResult: readonly TargetResult[];
    }[];
  };
}

export interface Intent {
  readonly id: string;
  readonly generation: number;
  readonly state: string;
  readonly isSettled: boolean;
  readonly wanted: string;
  /** Its first order that waits for its time starts then. */
  readonly waitsUntil?: string;
  readonly updatedAt: string;
  readonly report: IntentReport;
  readonly orders: readonly Order[];
}

export interface Applied {
  readonly intents: readonly Intent[];
  readonly warnings?: readonly string[];
}

export interface IntentPage {
  readonly intents: readonly Intent[];
  /** Pass as `after` for the next page. */
  readonly next?: string;
}

export interface PlanStep {
  readonly intentId: string;
  readonly executioner: string;
  readonly resource: string;
  readonly change: "create" | "change" | "delete" | "none";
  readonly differs: readonly string[];
}

export interface Plan {
  readonly hash: string;
  readonly changes: number;
  readonly steps: readonly PlanStep[];
}

export interface DriftPage {
  /** How many intents were looked at. */
  readonly checked: number;
  readonly drift: readonly {
    readonly intentId: string;
    readonly drift: readonly {
      readonly executioner: string;
      readonly resource: string;
      readonly found: string;
      readonly differs: readonly string[];
    }[];
    readonly unseen: readonly { readonly executioner: string; readonly resource: string; readonly reason: string }[];
  }[];
}

export interface UnderlayEvent {
  readonly type: string;
  readonly subject?: string;
  readonly time?: string;
  readonly data?: unknown;
}

export interface EventPage {
  readonly events: readonly (UnderlayEvent & { readonly offset: string })[];
}

export interface LinkMeasurement {
  readonly metric: string;
  readonly unit: string;
  readonly statistic: string;
  readonly direction?: string;
  readonly n: number;
  readonly method: string;
  readonly floor: number | null;
  readonly value: number | null;
  readonly ci95?: number;
  readonly error: { readonly code: string; readonly reason: string } | null;
}

interface LinkEnd {
  readonly cluster: string;
  readonly node: string;
  readonly address: string;
}

export interface LinkMeasured {
  readonly source: LinkEnd;
  readonly destination: LinkEnd;
  readonly measuredAt: string;
  readonly measurements: readonly LinkMeasurement[];
}

export interface Ledger {
  readonly notice: string;
  readonly entries: readonly {
    readonly seq: number;
    readonly at: string;
    readonly peer: string;
    readonly effect: string;
    readonly object: string;
    readonly detail?: string;
  }[];
  readonly inventory: readonly { readonly peer: string; readonly object: string }[];
}

export const reasonsOf = ({ report }: Pick<Intent, "report">): readonly string[] =>
  report.intentFulfilmentReport.intentFulfilmentInfo.notFulfilledReasons ?? [];

export const stateOf = ({ fulfilmentStatus, notFullfilledState }: FulfilmentInfo): string => notFullfilledState ?? fulfilmentStatus;

export interface CostNode {
  readonly cluster: string;
  readonly name: string;
  readonly address: string | null;
  readonly ready: boolean | null;
  readonly seenBy: readonly string[];
}

export interface CostLink {
  readonly source: string;
  readonly destination: string;
  readonly costs: readonly { readonly at: string; readonly measurement: LinkMeasurement }[];
}

export interface CostMap {
  readonly cluster: string;
  readonly seq: number;
  readonly links: readonly CostLink[];
  /** What is missing from the map, or was kept out of it. */
  readonly errors: readonly {
    readonly code: string;
    readonly reason: string;
    readonly nodes: readonly string[];
    readonly link?: string;
    readonly reading?: string;
  }[];
}
