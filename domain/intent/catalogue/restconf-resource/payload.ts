import { z } from "zod";

/** A data resource's path below `{+restconf}/data`: RFC 8040 section 3.5.3, keys percent-encoded, the first node with its module's name. */
export const dataPath = z
  .string()
  .max(512)
  .regex(
    /^[A-Za-z_][\w.-]*:[A-Za-z_][\w.-]*(?:=[\w.~%,:-]+)?(?:\/(?:[A-Za-z_][\w.-]*:)?[A-Za-z_][\w.-]*(?:=[\w.~%,:-]+)?)*$/,
    "a path such as ietf-interfaces:interfaces/interface=eth0",
  );

/** What exec-restconf is asked for: one data resource with this content, and whatever else its server adds. */
export const RestconfResource = z.strictObject({
  path: dataPath,
  /** RFC 7951 JSON as a PUT carries it: one member, named as the last node of the path. */
  content: z.record(z.string(), z.unknown()),
});
export type RestconfResource = z.infer<typeof RestconfResource>;
