import { expect, it } from "vitest";
import { changed, documents, textOf, wrongDocuments } from "../../../test/support/tsn-yang.ts";
import { describeYanglint, refused, taken } from "../../../test/support/yanglint.ts";

/** iana-if-type has to come first: yanglint does not find it by itself. */
const modules = [
  "iana-if-type",
  "ietf-interfaces",
  "ieee802-dot1q-types",
  "ieee802-dot1q-bridge",
  "ieee802-dot1q-sched",
  "ieee802-dot1q-sched-bridge",
  "ieee802-dot1q-preemption",
  "ieee802-dot1q-preemption-bridge",
  "ieee802-dot1q-stream-filters-gates",
  "ieee802-dot1q-psfp",
  "ieee802-dot1q-psfp-bridge",
  "ieee802-dot1cb-stream-identification",
];

describeYanglint(modules, (check) => {
  it.each([...documents.keys()])("takes the document of %s", (bridge) => {
    expect(check(textOf(bridge))).toEqual(taken);
  });

  it.each(wrongDocuments.slice(0, -4))("refuses %s", (_, path, value) => {
    expect(check(JSON.stringify(changed(path, value)))).toEqual(refused("libyang err"));
  });
});
