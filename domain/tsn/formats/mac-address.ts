import { z } from "zod";

/** Six octets, dashes between them and capitals, as IEEE 802 writes them; colons are forgiven. */
export const MacAddress = z
  .string()
  .regex(/^[0-9A-Fa-f]{2}(?:[-:][0-9A-Fa-f]{2}){5}$/, "expected a MAC address such as 02-00-00-00-00-0B")
  .transform((text) => text.toUpperCase().replaceAll(":", "-"));

/** How a bridge tells the frames of a stream from others (IEEE 802.1CB 6.4, null stream identification). */
export const FrameIdentity = z.strictObject({
  destinationMac: MacAddress,
  sourceMac: MacAddress.optional(),
  vlanId: z.int().min(1).max(4094),
  priority: z.int().min(0).max(7),
});
export type FrameIdentity = z.infer<typeof FrameIdentity>;
