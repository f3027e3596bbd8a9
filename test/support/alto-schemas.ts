import { z } from "zod";

// What an ALTO client may rely on, written from the RFCs and from nothing of ours.

/** RFC 7285 §10.1, §10.2. */
const PidName = z.string().regex(/^[A-Za-z0-9\-:@_]{1,64}$/);
const ResourceId = PidName;
/** RFC 7285 §10.3. */
const Vtag = z.strictObject({ "resource-id": ResourceId, tag: z.string().regex(/^[!-~]{1,64}$/) });
/** RFC 7285 §10.6, RFC 9439: base identifier, then a statistical operator; or private. */
const CostMetric = z
  .string()
  .regex(
    /^(?:routingcost|(?:delay-ow|delay-rt|delay-variation|lossrate|hopcount|tput|bw-residual|bw-available)(?::(?:cur|min|max|median|mean|stddev|stdvar|p\d+(?:\.\d+)?))?|priv:[A-Za-z0-9\-:_]+)$/,
  );
/** RFC 7285 §10.7, RFC 9439. */
const CostType = z.strictObject({
  "cost-mode": z.enum(["numerical", "ordinal"]),
  "cost-metric": CostMetric,
  "cost-context": z
    .strictObject({ "cost-source": z.enum(["nominal", "sla", "estimation"]), parameters: z.looseObject({}).optional() })
    .optional(),
  description: z.string().optional(),
});

/** RFC 7285 §9.2.2. */
export const Directory = z.strictObject({
  meta: z.strictObject({ "cost-types": z.record(z.string(), CostType), "default-alto-network-map": ResourceId }),
  resources: z.record(
    ResourceId,
    z.strictObject({
      uri: z.string(),
      "media-type": z.string(),
      accepts: z.string().optional(),
      capabilities: z.looseObject({}).optional(),
      uses: z.array(ResourceId).optional(),
    }),
  ),
});

/** RFC 7285 §11.2.1.6, §10.4. */
export const NetworkMap = z.strictObject({
  meta: z.strictObject({ vtag: Vtag }),
  "network-map": z.record(PidName, z.strictObject({ ipv4: z.array(z.cidrv4()).optional(), ipv6: z.array(z.cidrv6()).optional() })),
});

const Cost = z.number().nonnegative();
const DependentVtags = z.tuple([Vtag]);

/** RFC 7285 §11.2.3.6. */
export const CostMap = z.strictObject({
  meta: z.strictObject({ "dependent-vtags": DependentVtags, "cost-type": CostType }),
  "cost-map": z.record(PidName, z.record(PidName, Cost)),
});

/** RFC 8189: arrays in the order of the cost types; null where a cost is not defined. */
export const MultiCostMap = z.strictObject({
  meta: z.strictObject({ "dependent-vtags": DependentVtags, "multi-cost-types": z.array(CostType).min(1) }),
  "cost-map": z.record(PidName, z.record(PidName, z.array(Cost.nullable()).min(1))),
});

/** RFC 7285 §10.4.3. */
const Endpoint = z.string().regex(/^ipv[46]:[0-9a-fA-F.:]+$/);

/** RFC 7285 §11.5.1.6. */
export const EndpointCost = z.strictObject({
  meta: z.strictObject({ "cost-type": CostType }),
  "endpoint-cost-map": z.record(Endpoint, z.record(Endpoint, Cost)),
});

/** RFC 7285 §11.4.1.6. */
export const EndpointProp = z.strictObject({
  meta: z.strictObject({ "dependent-vtags": DependentVtags }),
  "endpoint-properties": z.record(Endpoint, z.record(z.string().regex(/^[A-Za-z0-9\-:@_]{1,64}\.pid$/), z.string())),
});

/** RFC 7285 §8.5.2. */
export const AltoError = z
  .strictObject({
    meta: z.strictObject({
      code: z.enum(["E_SYNTAX", "E_MISSING_FIELD", "E_INVALID_FIELD_TYPE", "E_INVALID_FIELD_VALUE"]),
      "syntax-error": z.string().optional(),
      field: z.string().optional(),
      value: z.string().optional(),
    }),
  })
  .refine(({ meta }) => meta.value === undefined || meta.field !== undefined, "a value comes with its field");

/** RFC 8895: the first message has the control URI. */
export const StreamControl = z.strictObject({
  "control-uri": z.string().optional(),
  started: z.array(z.string()).min(1).optional(),
  stopped: z.array(z.string()).min(1).optional(),
  description: z.string().optional(),
});
