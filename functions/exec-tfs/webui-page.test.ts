import { describe, expect, it } from "vitest";
import { alerts, complaint, csrfToken, mergeCookies, uploadForm } from "./webui-page.ts";

const button = `<button type="button" class="btn-close" data-bs-dismiss="alert" aria-label="Close"></button>`;

describe("alerts", () => {
  it("are read with their level, unescaped and without the button", () => {
    const page = `<html><body><div class="container">
      <div class="alert alert-error alert-dismissible fade show" role="alert">
        Unable to Add Service {&#34;service_id&#34;: &#x27;a &lt;b&gt; &amp;amp; c&#39;}
        ${button}
      </div>
      <div role="alert" class='alert alert-success'>1 Services Updated${button}</div>
    </div></body></html>`;
    expect(alerts(page)).toEqual([
      { level: "error", text: `Unable to Add Service {"service_id": 'a <b> &amp; c'}` },
      { level: "success", text: "1 Services Updated" },
    ]);
  });

  it("hold what their inner elements hold, and end where they end", () => {
    expect(alerts(`<div class="alert alert-danger"><div><b>1</b> Services</div> failed</div><div>other</div>`)).toEqual([
      { level: "danger", text: "1 Services failed" },
    ]);
  });

  it("are not found in comments, scripts, attributes or a tag that is cut off", () => {
    const alert = `<div class="alert alert-danger">no</div>`;
    expect(
      alerts(`<!-- ${alert} --><script>var a = '${alert}';</script><p title='${alert.replaceAll('"', "")}'>x</p><div class="alert alert`),
    ).toEqual([]);
  });

  it("cost one pass over a hostile page", () => {
    const started = performance.now();
    expect(alerts(`<div class="`.repeat(100_000))).toEqual([]);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

it("finds the token of the forms, or that there is none", () => {
  expect(csrfToken(`<form><input name="q"><input id="csrf_token" name="csrf_token" type="hidden" value="Ijk.ab-c_&amp;"></form>`)).toBe(
    "Ijk.ab-c_&",
  );
  expect(csrfToken(`<form><input name="descriptors" type="file"></form>`)).toBeUndefined();
});

it("says why the form was shown again", () => {
  const page = `<div class="alert alert-dismissible" role="alert"><b>csrf_token</b>: [&#39;The CSRF token is missing.&#39;] ${button}</div>`;
  expect(complaint(page)).toContain("The CSRF token is missing.");
});

it("keeps cookies as opaque pairs, the newer one of a name", () => {
  const first = mergeCookies([], ["session:5f3d=one; HttpOnly; Path=/", "other=x"]);
  expect(first).toEqual(["session:5f3d=one", "other=x"]);
  expect(mergeCookies(first, "session:5f3d=two=; Path=/")).toEqual(["session:5f3d=two=", "other=x"]);
  expect(mergeCookies([], undefined)).toEqual([]);
});

it("uploads the descriptor as a .json file, with the token before it", () => {
  expect(uploadForm(`{"services":[]}`, "token")).toEqual({
    type: "multipart/form-data; boundary=underlay-descriptor",
    body: [
      "--underlay-descriptor",
      'Content-Disposition: form-data; name="csrf_token"',
      "",
      "token",
      "--underlay-descriptor",
      'Content-Disposition: form-data; name="descriptors"; filename="underlay.json"',
      "Content-Type: application/json",
      "",
      '{"services":[]}',
      "--underlay-descriptor--",
      "",
    ].join("\r\n"),
  });
  expect(uploadForm("{}", undefined).body).not.toContain("csrf_token");
});
