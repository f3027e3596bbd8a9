import { z } from "zod";
import type { NetworkSlice } from "../../domain/intent/catalogue/network-slice/payload.ts";
import { ok, type Outcome } from "../../domain/outcome.ts";
import { TransientError } from "../../runtime/errors.ts";
import { declaredOf, differences, isPending, SliceService } from "./compare.ts";
import type { Face } from "./face.ts";
import { jsonIn } from "../reply.ts";
import { type Call, declined, type Nsc, type Reply } from "./http.ts";
import { sliceServiceBody, yangModule } from "./nss.ts";

const root = `/restconf/data/${yangModule}:network-slice-services`;
const slicePath = (slice: string): string => `${root}/slice-service=${encodeURIComponent(slice)}`;
const templatePath = (id: string): string => `${root}/slo-sle-templates/slo-sle-template=${encodeURIComponent(id)}`;

const call = (nsc: Nsc, rest: Omit<Call, "type">): Promise<Reply> => nsc.call({ ...rest, type: "application/yang-data+json" });

/** RESTCONF says 404 for an entry that is not there; a page of a web server that is not RESTCONF at all says nothing about slices. */
const saysAbsent = ({ status, headers }: Reply): boolean => status === 404 && !String(headers["content-type"] ?? "").includes("html");

/** An entry of a list comes as a list of one, under the name with its module (RFC 7951 section 4, RFC 8040 section 4.3). */
const Entry = z.object({ [`${yangModule}:slice-service`]: z.tuple([SliceService]) }).transform((body) => Object.values(body)[0]?.[0]);

/** What would be sent, read like an answer: the two are compared part by part. */
function asked(wanted: NetworkSlice): SliceService {
  return SliceService.parse(sliceServiceBody(wanted, true)[`${yangModule}:slice-service`]?.[0]);
}

async function put(nsc: Nsc, wanted: NetworkSlice): Promise<Outcome<void>> {
  const template = await call(nsc, { method: "GET", path: templatePath(wanted.policy) });
  if (template.status !== 200 && !saysAbsent(template)) return declined(nsc, template, "GET slo-sle-template");
  const body = sliceServiceBody(wanted, template.status === 200);
  const reply = await call(nsc, { method: "PUT", path: slicePath(wanted.slice), body });
  return [200, 201, 204].includes(reply.status) ? ok(undefined) : declined(nsc, reply, "PUT slice-service");
}

/** The module over RESTCONF as RFC 8040 and RFC 7951 have it. A PUT creates the entry, or replaces all of it. */
export const rfc9543: Face = {
  lacks: () => undefined,

  async observe(nsc, wanted) {
    const reply = await call(nsc, { method: "GET", path: slicePath(wanted.slice) });
    if (saysAbsent(reply)) return ok({ state: "absent" });
    if (reply.status !== 200) return declined(nsc, reply, "GET slice-service");
    const read = Entry.safeParse(jsonIn(reply.text));
    if (!read.success || read.data === undefined)
      throw new TransientError(
        "NSC_UNAVAILABLE",
        `the network slice controller at ${nsc.host} answered something that is not a slice service`,
      );
    const differs = differences(read.data, asked(wanted));
    return ok({ state: "present", differs, pending: isPending(read.data), declared: declaredOf(wanted, differs) });
  },

  create: put,
  change: put,

  async remove(nsc, slice) {
    const removed = await call(nsc, { method: "DELETE", path: slicePath(slice) });
    if (removed.status !== 204 && removed.status !== 200 && !saysAbsent(removed)) return declined(nsc, removed, "DELETE slice-service");
    const left = await call(nsc, { method: "GET", path: slicePath(slice) });
    if (saysAbsent(left)) return ok(undefined);
    if (left.status !== 200) return declined(nsc, left, "GET slice-service");
    throw new TransientError("NSC_UNAVAILABLE", `the network slice controller at ${nsc.host} still has ${slice} after its removal`);
  },
};
