import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { catalogue } from "./catalogue/index.ts";
import type { Context, Intent } from "./model.ts";
import { readIntent } from "./read.ts";
import { resolve } from "./resolve.ts";
import { looksLikeCredential, sealSecrets } from "./secrets.ts";

const canary = "canary-aoeu-1234";
const jwt = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJjYW5hcnkifQ.Y2FuYXJ5";
const ref = "secretRef:0123456789abcdef";

const context = (contextAttribute: string, contextValueRange: Context["contextValueRange"]): Context => ({
  contextAttribute,
  contextCondition: "IS_EQUAL_TO",
  contextValueRange,
});

interface Parts {
  readonly objects?: readonly Context[];
  readonly around?: readonly Context[];
  readonly ofTarget?: readonly Context[];
  readonly ofIntent?: readonly Context[];
}
const intent = ({ objects = [], around = [], ofTarget = [], ofIntent = [] }: Parts): Intent => ({
  id: "i",
  userLabel: "cloud_continuum",
  intentExpectations: [
    {
      expectationId: "1",
      expectationVerb: "DELIVER",
      expectationObject: { objectType: "LOG", objectInstance: "x", objectContexts: [...objects] },
      expectationTargets: [{ targetName: "t", targetCondition: "IS_EQUAL_TO", targetValueRange: 1, targetContexts: [...ofTarget] }],
      expectationContexts: [...around],
    },
  ],
  intentContexts: [...ofIntent],
  intentAdminState: "ACTIVATED",
  intentPriority: 1,
});

const seal = (given: Intent) => {
  const sealed: string[] = [];
  const outcome = sealSecrets(given, (secret) => {
    sealed.push(secret);
    return `secretRef:number-0000000-${String(sealed.length)}`;
  });
  return { outcome, sealed };
};

const places = {
  objects: "/intentExpectations/0/expectationObject/objectContexts",
  around: "/intentExpectations/0/expectationContexts",
  ofTarget: "/intentExpectations/0/expectationTargets/0/targetContexts",
  ofIntent: "/intentContexts",
} as const;
const everyPlace = Object.entries(places) as [keyof typeof places, string][];

describe("sealing the secrets of an intent", () => {
  it.each(everyPlace)("replaces a secret by its reference among %s, and nothing else", (place) => {
    const others = [context("note", "x"), context("list", ["a", 1])];
    const { outcome, sealed } = seal(intent({ [place]: [others[0], context("bearer_token", canary), others[1]] }));
    expect(outcome).toEqual({
      ok: true,
      value: intent({ [place]: [others[0], context("bearer_token", "secretRef:number-0000000-1"), others[1]] }),
    });
    expect(sealed).toEqual([canary]);
  });

  it.each([
    "bearer_token",
    "token",
    "password",
    "client_secret",
    "md5",
    "session_secret",
    "api_key",
    "bearerToken",
    "Bearer-Token",
    "BEARER_TOKEN",
    "apiKey",
    "MD5",
  ])("takes the attribute %s for a secret", (name) => {
    const { outcome, sealed } = seal(intent({ objects: [context(name, canary)] }));
    expect([outcome.ok, sealed]).toEqual([true, [canary]]);
    expect(JSON.stringify(outcome)).not.toContain(canary);
  });

  it("leaves D2.3's api_key alone when it is the URL of a cluster, and seals it when it is anything else", () => {
    expect(seal(intent({ objects: [context("api_key", "https://172.18.0.3:6443")] })).sealed).toEqual([]);
    expect(seal(intent({ objects: [context("api_key", canary)] })).sealed).toEqual([canary]);
  });

  it("leaves a reference as it is, and takes nothing for one that only begins like it", () => {
    expect(seal(intent({ objects: [context("bearer_token", ref)] })).sealed).toEqual([]);
    for (const only of [`secretRef:${jwt}`, "secretRef:", "secretRef:short", `${ref} ${canary}`])
      expect(seal(intent({ objects: [context("bearer_token", only)] })).sealed).toEqual([only]);
    expect(seal(intent({ objects: [context("note", `secretRef:Bearer ${canary}`)] })).outcome).toMatchObject({ code: "SECRET_MISPLACED" });
  });

  it.each(everyPlace)("refuses among %s a secret that is no text, by its place", (place, path) => {
    for (const value of [7, true, [canary], [], "", "  "])
      expect(seal(intent({ [place]: [context("bearer_token", value)] })).outcome).toMatchObject({
        ok: false,
        code: "SECRET_INVALID",
        path: `${path}/0/contextValueRange`,
      });
  });

  it("does not touch the intent that it was given", () => {
    const given = intent({ objects: [context("bearer_token", canary)] });
    const before = structuredClone(given);
    seal(given);
    expect(given).toEqual(before);
  });
});

describe("a credential where none belongs", () => {
  const shapes = [
    jwt,
    `Bearer ${canary}`,
    `bearer\t${canary}`,
    `-----BEGIN RSA PRIVATE KEY-----\n${canary}`,
    `-----BEGIN PRIVATE KEY----- ${canary}`,
    `https://user:${canary}@192.168.165.10`,
    `https://${canary}@192.168.165.10`,
    `  https://user:${canary}@192.168.165.10/path`,
    `http:\\\\user:${canary}@192.168.165.10`,
    `ht\ntps://user:${canary}@192.168.165.10`,
    `https:/\t/user:${canary}@192.168.165.10`,
    `see amqp://guest:${canary}@broker:5672 for more`,
  ];

  it.each(shapes)("is refused with its place, and not repeated: %j", (credential) => {
    const [expectation] = intent({}).intentExpectations;
    if (expectation === undefined) throw new Error("no expectation");
    const withObject = (object: Partial<typeof expectation.expectationObject>): Intent => ({
      ...intent({}),
      intentExpectations: [{ ...expectation, expectationObject: { ...expectation.expectationObject, ...object } }],
    });
    const target = { targetName: "t", targetCondition: "IS_EQUAL_TO" as const, targetValueRange: credential };
    const misplaced: readonly (readonly [string, Intent])[] = [
      ["/userLabel", { ...intent({}), userLabel: credential }],
      ["/intentExpectations/0/expectationObject/objectInstance", withObject({ objectInstance: credential })],
      ["/intentExpectations/0/expectationObject/objectType", withObject({ objectType: credential })],
      [
        "/intentExpectations/0/expectationTargets/0/targetValueRange",
        { ...intent({}), intentExpectations: [{ ...expectation, expectationTargets: [target] }] },
      ],
      [
        "/intentExpectations/0/expectationTargets/0/targetName",
        {
          ...intent({}),
          intentExpectations: [{ ...expectation, expectationTargets: [{ ...target, targetName: credential, targetValueRange: 1 }] }],
        },
      ],
      ...everyPlace.map(([place, path]) => [`${path}/0/contextValueRange`, intent({ [place]: [context("note", credential)] })] as const),
      ...everyPlace.map(
        ([place, path]) => [`${path}/0/contextValueRange/1`, intent({ [place]: [context("note", ["x", credential])] })] as const,
      ),
      ...everyPlace.map(([place, path]) => [`${path}/0/contextAttribute`, intent({ [place]: [context(credential, "x")] })] as const),
      [`${places.around}/0/contextValueRange`, intent({ around: [context("url", credential)] })],
    ];
    for (const [path, given] of misplaced) {
      const { outcome, sealed } = seal(given);
      expect(outcome, path).toMatchObject({ ok: false, code: "SECRET_MISPLACED", path });
      expect(JSON.stringify(outcome)).not.toContain(canary);
      expect(sealed).toEqual([]);
    }
  });

  it.each([
    "http://192.168.165.10/restconf/data/ietf-l2vpn-svc:l2vpn-svc/vpn-services",
    "pdb:ix:1",
    "tenant:net@site",
    "https://example.org/@user",
    "https://example.org?mail=a@b",
    "a bearer of news",
    "Bearer x",
    "GigabitEthernet0/0/0/1",
    "eyJ.short",
    ref,
  ])("is not seen in %j", (harmless) => {
    expect(looksLikeCredential(harmless)).toBe(false);
  });

  it("is looked for in time that grows with the text, and no faster", () => {
    const before = process.cpuUsage();
    for (const text of [
      "a".repeat(4096),
      "a.".repeat(2048),
      "a:/".repeat(1365),
      `a:${"/".repeat(4094)}`,
      `a://${"b".repeat(4000)}`,
      "Bearer ".repeat(585),
      "eyJ".repeat(1365),
      `-----BEGIN ${"A ".repeat(2040)}`,
      "a:\t/".repeat(1024),
    ])
      for (let i = 0; i < 200; i += 1) looksLikeCredential(text);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1e6).toBeLessThan(5);
  });
});

describe("whatever intent carries a secret, wherever", () => {
  const secret = fc.constantFrom(canary, `${jwt}${canary}`, `Bearer ${canary}`, `https://u:${canary}@h`);
  const name = fc.constantFrom("bearer_token", "beare_token", "token", "password", "md5", "api_key", "Bearer_Token", "apiKey");
  const known = fc.record({ name, secret }).map(({ name: attribute, secret: value }) => ({
    contextAttribute: attribute,
    contextCondition: "IS_EQUAL_TO",
    contextValueRange: value,
  }));
  const contexts = fc.array(fc.oneof(known, fc.constant({ contextAttribute: "note", contextValueRange: "x" })), { maxLength: 3 });
  const shaped = fc.constantFrom("x", jwt + canary, `Bearer ${canary}`, `https://u:${canary}@h`, `https://${canary}@h`);
  const document = fc.record(
    {
      id: fc.constantFrom("i", jwt + canary),
      userLabel: fc.oneof({ weight: 9, arbitrary: fc.constant("cloud_continuum") }, shaped),
      intentContexts: contexts,
      intentExpectations: fc.tuple(
        fc.record({
          expectationId: fc.constant("1"),
          expectationVerb: fc.constant("DELIVER"),
          expectationObject: fc.record({
            objectType: fc.constantFrom("LOG", "L2VPN", "K8S_CLUSTER_CONFIG"),
            objectInstance: shaped,
            objectContexts: contexts,
          }),
          expectationTargets: fc.array(
            fc.record({
              targetName: fc.constantFrom("t", "latency"),
              targetCondition: fc.constant("IS_EQUAL_TO"),
              targetValueRange: shaped,
              targetContexts: contexts,
            }),
            { maxLength: 2 },
          ),
          expectationContexts: contexts,
        }),
      ),
    },
    { noNullPrototype: true },
  );

  it("neither what is taken of it nor what is said about it has the secret in it", () => {
    let taken = 0;
    let refused = 0;
    fc.assert(
      fc.property(document, (written) => {
        const read = readIntent(written);
        expect(read.ok ? "" : JSON.stringify(read)).not.toContain(canary);
        if (!read.ok) return;
        const { outcome, sealed } = seal(read.value.intent);
        expect(JSON.stringify(outcome)).not.toContain(canary);
        expect(JSON.stringify(read.value.warnings)).not.toContain(canary);
        if (!outcome.ok) {
          refused += 1;
          expect(outcome.path).toMatch(/^\//);
          return;
        }
        taken += 1;
        if (JSON.stringify(written).includes(canary)) expect(sealed.length).toBeGreaterThan(0);
        expect(JSON.stringify(resolve(outcome.value, catalogue))).not.toContain(canary);
      }),
      { numRuns: 2_000 },
    );
    expect(taken).toBeGreaterThan(20);
    expect(refused).toBeGreaterThan(20);
  });
});

describe("a reference in an intent", () => {
  const borrowing = intent({ objects: [context("bearer_token", ref)] });

  it("stays as it is where it is the intent's own", () => {
    expect(
      sealSecrets(
        borrowing,
        () => "never",
        (reference) => reference === ref,
      ),
    ).toEqual({ ok: true, value: borrowing });
  });

  it("is refused where it is another's: whoever sees events could borrow that intent's token", () => {
    expect(
      sealSecrets(
        borrowing,
        () => "never",
        () => false,
      ),
    ).toMatchObject({ ok: false, code: "SECRET_INVALID", path: `${places.objects}/0/contextValueRange` });
  });
});
