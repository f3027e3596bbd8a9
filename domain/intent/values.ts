import { z } from "zod";

/*
 * The types that values of contexts and targets have. Nothing else gets into an order, so nothing else gets into a path or a payload:
 * D2.3's template put fields into "/device[" + node + "]/endpoint[" as they came.
 */

const text = z.union([z.string(), z.number()]).transform(String);

const pattern = (regex: RegExp, expected: string) => text.refine((value) => regex.test(value), { error: `expected ${expected}` });

/** A router or device as controllers name it: an address or a host name. */
export const nodeName = pattern(/^[A-Za-z0-9](?:[A-Za-z0-9._:-]{0,62}[A-Za-z0-9])?$/, "a node's name or address");

/** `GigabitEthernet0/0/0/1`, `eth0`, `xe-0/0/1.100`: words joined by single separators, so neither `..` nor a bracket. */
export const interfaceName = pattern(
  /^(?=.{1,64}$)[A-Za-z0-9]+(?:[-._:/][A-Za-z0-9]+)*$/,
  "an interface name such as GigabitEthernet0/0/0/1",
);

export const plainName = pattern(/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/, "a name of letters, digits and . _ -, at most 64");

/** IEEE 802.1Q: 0 is the priority tag and 4095 is reserved. */
export const vlanId = z
  .union(
    [
      z.int(),
      z
        .string()
        .regex(/^\d{1,4}$/)
        .transform(Number),
    ],
    { error: "expected a whole number from 1 to 4094" },
  )
  .refine((n) => n >= 1 && n <= 4094, { error: "expected a whole number from 1 to 4094" });

/** RFC 1123 label. D2.3 writes `spain_network` where Kubernetes needs `spain-network`: the underscore and capitals are forgiven. */
export const kubernetesName = text
  .transform((value) => value.toLowerCase().replaceAll("_", "-"))
  .refine((value) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(value), {
    error: "expected an RFC 1123 label: letters, digits and -, at most 63, first and last a letter or digit",
  });

/** `172.18.0.2`, `172.20.0.2:8181` or a host name: where the network's provider answers. */
export const hostAndPort = pattern(
  /^(?=.{1,255}$)[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[1-9]\d{0,4})?$/,
  "a host, or host:port",
).refine((value) => Number(value.split(":")[1] ?? 1) <= 65_535, { error: "expected a port of at most 65535" });

export const ipv4Cidr = z.cidrv4({ error: "expected an IPv4 prefix such as 10.1.0.0/16" });

/** Only its origin is looked at. Credentials in it would end up in reports. */
export const httpUrl = z
  .url({ protocol: /^https?$/, error: "expected an http or https URL", abort: true })
  .refine((url) => new URL(url).username === "" && new URL(url).password === "", { error: "expected a URL without user and password" });

export const secretRef = z.string().regex(/^secretRef:[A-Za-z0-9_-]{16,64}$/, "expected a sealed secret");

const quantity = (unit: string, factors: Readonly<Record<string, number>>) =>
  z.union([z.number(), z.string()]).transform((value, context) => {
    const match = /^\s*(\d+(?:\.\d+)?)\s*([A-Za-zµ/]*)\s*$/.exec(String(value));
    const factor = match?.[2] === "" ? 1 : factors[(match?.[2] ?? "?").toLowerCase()];
    const number = Number(match?.[1]) * (factor ?? Number.NaN);
    if (Number.isFinite(number) && number > 0) return Number(number.toPrecision(12));
    context.addIssue({
      code: "custom",
      message: `expected a positive number of ${unit}, or one with a unit of ${Object.keys(factors).join(", ")}`,
    });
    return z.NEVER;
  });

export const bandwidthGbps = quantity("Gbit/s", {
  gbps: 1,
  "gbit/s": 1,
  mbps: 1e-3,
  "mbit/s": 1e-3,
  kbps: 1e-6,
  "kbit/s": 1e-6,
  bps: 1e-9,
  "bit/s": 1e-9,
});
export const latencyMs = quantity("ms", { ms: 1, s: 1e3, us: 1e-3, µs: 1e-3, ns: 1e-6 });
