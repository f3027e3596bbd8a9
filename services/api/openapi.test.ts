import { describe, expect, it } from "vitest";
import { openapi } from "./openapi.ts";

describe("the OpenAPI document", () => {
  it("names in its references only schemas that it has", () => {
    const names = [...JSON.stringify(openapi).matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) expect(Object.keys(openapi.components.schemas)).toContain(name);
  });
});
