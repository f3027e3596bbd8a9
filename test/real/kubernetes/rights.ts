import { z } from "zod";
import type { Client } from "./client.ts";

const Discovered = z.object({
  resources: z.array(z.object({ name: z.string(), namespaced: z.boolean(), verbs: z.array(z.string()) })),
});
const Groups = z.object({ groups: z.array(z.object({ name: z.string(), preferredVersion: z.object({ groupVersion: z.string() }) })) });
const Review = z.object({ status: z.object({ allowed: z.boolean() }) });
const Rules = z.object({
  status: z.object({
    resourceRules: z.array(
      z.object({
        verbs: z.array(z.string()),
        apiGroups: z.array(z.string()),
        resources: z.array(z.string()),
        resourceNames: z.array(z.string()).optional(),
      }),
    ),
    incomplete: z.boolean(),
  }),
});

/** What can be asked for: a verb, and a resource as `deployments.apps/scale`, or `pods` of the core. */
export type Right = `${string} ${string}`;

/** Beside those that discovery tells of each resource: what RBAC gives though no request is called so. */
const VERBS = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];
const SPECIAL: readonly Right[] = [
  "escalate clusterroles.rbac.authorization.k8s.io",
  "bind clusterroles.rbac.authorization.k8s.io",
  "escalate roles.rbac.authorization.k8s.io",
  "bind roles.rbac.authorization.k8s.io",
  "impersonate users",
  "impersonate groups",
  "impersonate serviceaccounts",
  "approve signers.certificates.k8s.io",
];

/** Every verb on every resource that the server serves, subresources and custom resources included. */
export async function everyRight(admin: Client): Promise<readonly Right[]> {
  const { groups } = await admin.done(Groups, "GET", "/apis");
  const bases = ["/api/v1", ...groups.map(({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`)];
  const rights: Right[] = [...SPECIAL];
  for (const base of bases) {
    const group = base.startsWith("/apis/") ? `.${base.split("/")[2] ?? ""}` : "";
    const { resources } = await admin.done(Discovered, "GET", base);
    for (const { name, verbs } of resources) {
      const [plural = "", sub] = name.split("/");
      const resource = `${plural}${group}${sub === undefined ? "" : `/${sub}`}`;
      for (const verb of new Set([...VERBS, ...verbs])) rights.push(`${verb} ${resource}`);
    }
  }
  return rights;
}

const partsOf = (right: Right) => {
  const [verb = "", name = ""] = right.split(" ");
  const [qualified = "", subresource] = name.split("/");
  const [resource = "", ...group] = qualified.split(".");
  return { verb, group: group.join("."), resource, ...(subresource === undefined ? {} : { subresource }) };
};

const AT_ONCE = 24;

/** Those of the rights that the client has, in its own words (SelfSubjectAccessReview); without a namespace: in all of them. */
export async function rightsOf(client: Client, rights: readonly Right[], namespace?: string): Promise<readonly Right[]> {
  const left = rights.values();
  const has = new Set<Right>();
  const ask = async (): Promise<void> => {
    for (const right of left) {
      const resourceAttributes = { ...partsOf(right), ...(namespace === undefined ? {} : { namespace }) };
      const { status } = await client.done(Review, "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {
        body: { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview", spec: { resourceAttributes } },
      });
      if (status.allowed) has.add(right);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, ask));
  return rights.filter((right) => has.has(right));
}

/** The rules that give a client anything in a namespace (SelfSubjectRulesReview), stars and names of single objects as they are written. */
export async function rulesOf(client: Client, namespace: string): Promise<readonly string[]> {
  const { status } = await client.done(Rules, "POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", {
    body: { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectRulesReview", spec: { namespace } },
  });
  if (status.incomplete) throw new Error("the server does not know all the rules");
  const told = status.resourceRules.flatMap(({ verbs, apiGroups, resources, resourceNames = [] }) =>
    verbs.flatMap((verb) =>
      apiGroups.flatMap((group) =>
        resources.map((name) => {
          const [plural = "", sub] = name.split("/");
          const named = resourceNames.length === 0 ? "" : ` only ${resourceNames.join()}`;
          return `${verb} ${plural}${group === "" ? "" : `.${group}`}${sub === undefined ? "" : `/${sub}`}${named}`;
        }),
      ),
    ),
  );
  return [...new Set(told)].toSorted();
}
