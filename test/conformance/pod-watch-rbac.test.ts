import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { paths } from "../../services/pod-watch/watch.ts";

const Document = z.looseObject({
  kind: z.string(),
  rules: z.array(z.strictObject({ apiGroups: z.array(z.string()), resources: z.array(z.string()), verbs: z.array(z.string()) })).optional(),
  roleRef: z.looseObject({ kind: z.string(), name: z.string() }).optional(),
});
const read = (file: string) =>
  parseAllDocuments(readFileSync(join(import.meta.dirname, "../../deploy/kubernetes/pod-watch", file), "utf8")).map((document) =>
    Document.parse(document.toJS()),
  );

it("pod-watch may list and watch exactly what it lists and watches, and nothing else", () => {
  const documents = read("rbac.yaml");
  const rules = documents.flatMap((document) => document.rules ?? []);
  for (const { verbs } of rules) expect(verbs).toEqual(["list", "watch"]);
  const allowed = rules.flatMap(({ apiGroups, resources }) =>
    apiGroups.flatMap((group) => resources.map((resource) => (group === "" ? `/api/v1/${resource}` : `/apis/${group}/v1/${resource}`))),
  );
  expect(allowed.toSorted()).toEqual(Object.values(paths).toSorted());
  expect(documents.map(({ kind }) => kind)).toEqual(["ServiceAccount", "ClusterRole", "ClusterRoleBinding"]);
});

it("pod-watch runs once, without rights in its container", () => {
  const [deployment] = read("deployment.yaml");
  expect(deployment).toMatchObject({
    kind: "Deployment",
    spec: {
      replicas: 1,
      strategy: { type: "Recreate" },
      template: {
        spec: {
          serviceAccountName: "pod-watch",
          securityContext: { runAsNonRoot: true },
          containers: [
            { securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } } },
          ],
        },
      },
    },
  });
});
