// What --help adds to the options: examples that can be copied. An intent file of the annex is at hand in every clone.
const file = "test/golden/annex-9.1-tfs-l2vpn.yaml";

const line = "domain/tsn/examples";

const examples = (...lines: readonly string[]): string => `\nExamples:\n${lines.map((line) => `  ${line}`).join("\n")}\n`;

export const help = {
  underlay: `
A first round, with \`npm start\` running in another terminal:
  underlay plan   -f ${file}            what would be done
  underlay apply  -f ${file} --wait     do it, and wait until it is done
  underlay report new_intent_2                                       how far the intent is fulfilled
  underlay lab ledger                                                what the lab's simulators were made to do
  underlay delete new_intent_2 --wait                                take it all back

Exit codes: 0 as asked; 1 refused, failed, not reached, or a wrong command line; 2 changes are pending (plan only).
Answers go to stdout; progress, warnings and errors to stderr.`,

  plan: `
Looks at the controllers and changes nothing. Exit code 0: no changes; 2: changes are pending; 1: the file was refused.
  + create   ~ change (and what differs)   - delete     none
${examples(
  `underlay plan -f ${file}`,
  "underlay plan -f intents/                          every *.yaml, *.yml and *.json in the directory",
  "underlay plan -f a.yaml b.json -f c.yaml -o json   several files, one plan",
  "generate-intents | underlay plan -f -              from stdin",
)}`,

  apply: `
A file is taken as a whole or not at all; of several, none is taken before all have been looked at. Applying again is safe.
With --wait, exit code 0 says that every intent is FULFILLED (SUSPENDED where its intentAdminState is DEACTIVATED).
${examples(
  `underlay apply -f ${file} --wait`,
  `underlay apply -f ${file} --wait -o json | jq -r '.intents[].state'`,
  "underlay apply -f a.yaml -f b.json --wait --timeout 300",
  "underlay apply -f a.yaml --plan 83765e485ed1c62a   only if the plan still has this hash",
)}`,

  intents: examples(
    "underlay get intents",
    "underlay get intents new_intent_2",
    "underlay get intents -o json | jq -r '.intents[] | select(.state != \"FULFILLED\") | .id'",
  ),
  orders: examples("underlay get orders", "underlay get orders new_intent_2 -o json"),
  events: examples(
    "underlay get events --limit 20",
    "underlay get events --type order.failed",
    "underlay get events --intent new_intent_2 --type intent.reported -o json",
  ),
  twins: `
READY: pods that are ready, of those wanted. SINCE: how long it is in that state. – is not known, which is not 0.
${examples(
  "underlay get twins",
  "underlay get twins -o wide --namespace shop",
  "underlay get twins --status Failure -o json | jq -r '.twins[].twinId'",
  "underlay --token-file alice.token get twins        as alice, where the API has tenants",
)}`,
  twin: examples(
    "underlay get twin cbcb208a-5d3a-4c0e-9d0e-0a5a7c1f6c11",
    "underlay get twin kind-kind/shop/Deployment/web",
    "underlay get twin unmapped -o json",
  ),
  nodes: examples("underlay get nodes", "underlay get nodes --cluster kind-kind -o json | jq -r '.nodes[].address'"),
  costMap: `
As last published: a value that moves inside its dead-band is not published again before the heartbeat. A dash is no measurement.
${examples(
  "underlay get cost-map",
  "underlay get cost-map --cluster kind-kind -o json | jq '.costMaps[].links[] | {source, destination}'",
  "underlay get cost-map -o json | jq '.costMaps[].errors'   what is missing, or was kept out",
)}`,
  report: examples("underlay report new_intent_2", "underlay report new_intent_2 -o json"),

  drift: `
Looks at every controller and changes nothing. Exit code 0: nothing has drifted; 2: something has; 1: something could not be looked at.
${examples("underlay get drift", "underlay get drift new_intent_2", "underlay get drift -o json | jq -r '.drift[].intentId' | xargs -r npx underlay repair")}`,
  repair: `
Only what differs is changed; an intent that has not drifted is left alone. Exit code 0 says that every intent is FULFILLED again.
${examples("underlay repair new_intent_2", "underlay repair intent_a intent_b --timeout 60")}`,

  delete: `
Withdraws from the controllers what the intents brought about. The intent stays on record as TERMINATED.
${examples("underlay delete new_intent_2 --wait", "underlay delete intent_a intent_b --wait --timeout 60")}`,

  probe: `
A and B are nodes, as \`cluster/node\`, as the node's name where one cluster has it, or by address. A's agent measures: 100 test packets
(STAMP, RFC 8762) and a throughput test of 2 s and 128 MiB at most. Where there is no value, the reason stands in its place.
${examples(
  "underlay probe lab-worker-1 lab-worker-2",
  "underlay probe kind-1/worker 172.18.0.4 --no-throughput   15 kB instead of some MB",
  "underlay probe lab-worker-1 lab-worker-3 -o json | jq '.measurements[] | select(.metric == \"delay-rt\")'",
)}`,

  watch: `
One line an event: when, what kind, of which intent, what. A lost connection is taken up again where it was; Ctrl-C ends it.
${examples("underlay watch", "underlay watch --intent new_intent_2", "underlay watch --type order", "underlay watch --type intent.reported -o json | jq .data.report")}`,

  watchTwins: `
One line an event: when, what kind, of which twin, what. A lost connection is taken up again where it was; Ctrl-C ends it.
${examples("underlay watch twins", "underlay watch twins --type anomaly", "underlay watch twins --workload cbcb208a-5d3a-4c0e-9d0e-0a5a7c1f6c11 -o json | jq .data.status.current")}`,
  tsn: `
A first round, with files that every clone has:
  underlay tsn plan --config ${line}/five-bridges.json                     what each stream and each port gets
  underlay tsn plan --config ${line}/five-bridges.json -o json > plan.json
  underlay tsn validate --schedule plan.json                                              every frame through every gate
  underlay tsn render --schedule plan.json -o svg > plan.svg                              a picture
  underlay tsn tscai --schedule plan.json                                                 what the 5G core is asked for

Exit codes: 0 scheduled, valid; 1 infeasible (with its proof), not valid, or a file that cannot be read; 2 undecided (plan and admit).`,

  tsnPlan: `
The same problem, seed and budget give the same bytes. Undecided is not infeasible: it says which streams found no place so far.
With -o json: {"verdict": "scheduled" | "infeasible" | "undecided", …, "input": the problem}, which every other command takes with --schedule.
${examples(
  `underlay tsn plan --streams ${line}/line-streams.csv --topology ${line}/line-topology.csv`,
  `underlay tsn plan --config ${line}/five-bridges.json -o json > plan.json`,
  `underlay tsn plan --config ${line}/cnc.json -o cnc                          the CUC's answer`,
  `underlay tsn plan --config ${line}/too-tight.json -o json | jq .certificate`,
  `underlay tsn plan -s ${line}/line-streams.csv -t ${line}/line-topology.csv --seed 7 --budget 100000 --guard-band preempt`,
)}`,

  tsnAdmit: examples(
    "underlay tsn admit --schedule plan.json --streams more.csv",
    "underlay tsn admit --schedule plan.json --streams more.csv -o json > plan2.json",
  ),
  tsnRemove: examples("underlay tsn remove motion setpoint --schedule plan.json -o json > plan2.json"),

  tsnValidate: `
The verifier shares no code with the scheduler. The problem is the one given, else the one in the schedule's file.
${examples(
  "underlay tsn validate --schedule plan.json",
  "underlay tsn validate --schedule plan.json --streams s.csv --topology t.csv",
  "underlay tsn validate --tables out/1 --streams s.csv --topology t.csv         out/1-GCL.csv, out/1-OFFSET.csv, …",
)}`,

  tsnTscai: `
TSCAI containers (TS 23.501 5.27.2) from PSFP gates, streams aggregated; a 5QI each; Npcf_PolicyAuthorization bodies with -o json; the bridge's
delays and neighbours for the CNC.
${examples(
  "underlay tsn tscai --schedule plan.json --base-time 2026-01-01T00:00:00Z",
  "underlay tsn tscai --schedule plan.json -o json | jq '.bridges[0].sessions'",
)}`,

  tsnRender: examples(
    "underlay tsn render --schedule plan.json -o svg > plan.svg",
    "underlay tsn render --schedule plan.json -o svg --bridge sw2 --from 0 --to 500 > sw2.svg",
    "underlay tsn render --schedule plan.json -o yang --out bridges/               RFC 7951 JSON, one file a bridge",
    "underlay tsn render --schedule plan.json -o yang --bridge sw2",
    "underlay tsn render --schedule plan.json -o taprio --bridge sw2               tc commands for Linux",
    "underlay tsn render --schedule plan.json -o csv --out tables/                 for tsnkit's simulator",
  ),

  ledger: `
The lab stands in for controllers that are not there: what its ledger shows happened in no network.
${examples("underlay lab ledger", "underlay lab ledger -o json | jq '.entries | length'")}`,
} as const;
