import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { z } from "zod";

const root = join(import.meta.dirname, "../..");
const Role = z.object({
  kind: z.enum(["Role", "ClusterRole"]),
  rules: z.array(z.object({ apiGroups: z.array(z.string()), resources: z.array(z.string()), verbs: z.array(z.string()) })),
});

const files = globSync("deploy/kubernetes/**/*.yaml", { cwd: root });
const rules = files.flatMap((file) =>
  parseAllDocuments(readFileSync(join(root, file), "utf8")).flatMap((document) => {
    const role = Role.safeParse(document.toJS());
    return role.success ? role.data.rules.map((rule) => ({ file, ...rule })) : [];
  }),
);

/** What changes something, and of what. Everything else only reads. */
const changes: Readonly<Record<string, object>> = {
  "deploy/kubernetes/scale/rbac.yaml": {
    apiGroups: ["apps"],
    resources: ["deployments/scale", "statefulsets/scale"],
    verbs: ["patch"],
  },
  "deploy/kubernetes/l2sm/rbac.yaml": {
    apiGroups: ["l2sm.l2sm.k8s.local"],
    resources: ["l2networks", "overlays", "networkedgedevices"],
    verbs: ["get", "create", "delete"],
  },
};

describe("what we ask of a Kubernetes API", () => {
  it("is to read, by name of what is read, and no secret; and of two things to change them", () => {
    expect(rules.length).toBeGreaterThan(0);
    for (const { file, ...rule } of rules) {
      const { resources, verbs, apiGroups } = rule;
      expect([file, [...resources, ...apiGroups].filter((name) => name.includes("*") || name === "secrets")]).toEqual([file, []]);
      if (file in changes) expect([file, rule]).toEqual([file, changes[file]]);
      else expect([file, verbs.filter((verb) => !["get", "list", "watch"].includes(verb))]).toEqual([file, []]);
    }
    expect(rules.map(({ file }) => file)).toEqual(expect.arrayContaining(Object.keys(changes)));
  });

  it("is of nodes no more than to list and to watch them", () => {
    const nodes = rules.filter(({ file }) => file.endsWith("rbac-nodes.yaml"));
    expect(nodes).toMatchObject([{ apiGroups: [""], resources: ["nodes"], verbs: ["list", "watch"] }]);
  });
});
