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

describe("what we ask of a Kubernetes API", () => {
  it("is to read, by name of what is read, and no secret", () => {
    expect(rules.length).toBeGreaterThan(0);
    for (const { file, resources, verbs, apiGroups } of rules) {
      expect([file, verbs.filter((verb) => !["get", "list", "watch"].includes(verb))]).toEqual([file, []]);
      expect([file, [...resources, ...apiGroups].filter((name) => name.includes("*") || name === "secrets")]).toEqual([file, []]);
    }
  });

  it("is of nodes no more than to list and to watch them", () => {
    const nodes = rules.filter(({ file }) => file.endsWith("rbac-nodes.yaml"));
    expect(nodes).toMatchObject([{ apiGroups: [""], resources: ["nodes"], verbs: ["list", "watch"] }]);
  });
});
