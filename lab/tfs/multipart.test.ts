import { FormData, Response } from "undici";
import { describe, expect, it } from "vitest";
import { parseForm } from "./multipart.ts";

async function formOf(form: FormData): Promise<readonly [string | undefined, Buffer]> {
  const response = new Response(form);
  return [response.headers.get("content-type") ?? undefined, Buffer.from(await response.arrayBuffer())];
}

describe("a form", () => {
  it("is read as FormData sends it, file names and line ends in values included", async () => {
    const form = new FormData();
    form.set("csrf_token", "a.b");
    form.set("descriptors", new Blob(['{\r\n--x\r\n"services":[]}'], { type: "application/json" }), 'my "file".json');
    const parts = parseForm(...(await formOf(form)));
    expect(parts?.map((p) => [p.name, p.filename, p.data.toString()])).toEqual([
      ["csrf_token", undefined, "a.b"],
      ["descriptors", 'my "file".json', '{\r\n--x\r\n"services":[]}'],
    ]);
  });

  it("is read as a browser sends it", () => {
    const body = '------WebKitFormBoundaryX\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n------WebKitFormBoundaryX--\r\n';
    const parts = parseForm("multipart/form-data; boundary=----WebKitFormBoundaryX", Buffer.from(body));
    expect(parts?.map((p) => [p.name, p.data.toString()])).toEqual([["a", "1"]]);
  });

  it("is not half read", () => {
    const read = (body: string) => parseForm("multipart/form-data; boundary=b", Buffer.from(body));
    expect(read('--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--')).toHaveLength(1);
    expect(read('--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1')).toBeUndefined();
    expect(read('--b\nContent-Disposition: form-data; name="a"\n\n1\n--b--')).toBeUndefined();
    expect(read("--b\r\nX: y\r\n\r\n1\r\n--b--")).toBeUndefined();
    expect(parseForm("application/json", Buffer.from("{}"))).toBeUndefined();
  });
});
