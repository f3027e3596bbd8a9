import { describe, expect, it } from "vitest";
import { Controller, type ReachableController, selectController } from "./controllers.ts";

const at = (executioner: string, origin: string): ReachableController => ({ executioner, origin, address: new URL(origin) });
const controllers = [
  at("tfs", "http://192.168.165.10"),
  at("tfs", "https://tfs.example.org:8443"),
  at("cluster", "https://172.18.0.3:6443"),
];
const select = (url?: string, executioner = "tfs"): string => {
  const chosen = selectController(controllers, executioner, url);
  return chosen.ok ? chosen.value.origin : chosen.code;
};

describe("choosing a controller", () => {
  it("takes the executioner's first one when the intent names none", () => {
    expect(select()).toBe("http://192.168.165.10");
    expect(select(undefined, "cluster")).toBe("https://172.18.0.3:6443");
  });

  it.each([
    ["http://192.168.165.10", "http://192.168.165.10"],
    ["http://192.168.165.10/restconf/data/ietf-l2vpn-svc:l2vpn-svc", "http://192.168.165.10"],
    ["HTTP://192.168.165.10:80/x?y#z", "http://192.168.165.10"],
    ["https://TFS.example.org:8443/", "https://tfs.example.org:8443"],
    // However the address is written, it is the one that would be connected to.
    ["http://3232277770/", "http://192.168.165.10"],
    ["http://0xc0.0xa8.0xa5.0x0a", "http://192.168.165.10"],
  ])("takes %s for %s", (url, origin) => {
    expect(select(url)).toBe(origin);
  });

  it.each([
    "https://192.168.165.10",
    "http://192.168.165.10:8080",
    "http://192.168.165.11",
    "http://192.168.165.10.example.org",
    "http://192.168.165.10@evil.example",
    "https://tfs.example.org",
    "https://tfs.example.org.:8443",
    "https://172.18.0.3:6443",
    "http://127.0.0.1",
    "http://[::ffff:192.168.165.10]",
    "http://169.254.169.254/latest/meta-data",
    "file:///etc/passwd",
    "gopher://192.168.165.10",
    "//192.168.165.10",
    "192.168.165.10",
    "not a url",
    "",
  ])("does not let %j through", (url) => {
    expect(select(url)).toBe("CONTROLLER_NOT_ALLOWED");
  });

  it("knows no executioner that nobody configured", () => {
    expect(select(undefined, "nsc")).toBe("CONTROLLER_UNKNOWN");
    expect(select("http://192.168.165.10", "nsc")).toBe("CONTROLLER_UNKNOWN");
    expect(select(undefined, "constructor")).toBe("CONTROLLER_UNKNOWN");
  });

  it("tells which origins are allowed, and does not repeat what is no URL", () => {
    const refused = selectController(controllers, "tfs", "canary");
    expect(refused).toMatchObject({ reason: expect.stringContaining("http://192.168.165.10, https://tfs.example.org:8443") });
    expect(JSON.stringify(refused)).not.toContain("canary");
  });
});

describe("a controller in the operator's file", () => {
  it("is told by its origin, without path, default port or capitals", () => {
    expect(Controller.parse({ executioner: "tfs", origin: "HTTP://Example.ORG:80/tfs-api/" }).origin).toBe("http://example.org");
  });

  it("has no field that nobody reads, so that a misspelt caFile is told", () => {
    expect(Controller.safeParse({ executioner: "tfs", origin: "http://a", caFiel: "x" }).success).toBe(false);
    expect(Controller.safeParse({ executioner: "tfs", origin: "a" }).success).toBe(false);
    expect(Controller.safeParse({ executioner: "tfs", origin: "http://a", face: "cli" }).success).toBe(false);
  });
});
