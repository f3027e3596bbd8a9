/** RFC 7285 §14.1, RFC 8895. */
export const media = {
  directory: "application/alto-directory+json",
  networkMap: "application/alto-networkmap+json",
  networkMapFilter: "application/alto-networkmapfilter+json",
  costMap: "application/alto-costmap+json",
  costMapFilter: "application/alto-costmapfilter+json",
  endpointProp: "application/alto-endpointprop+json",
  endpointPropParams: "application/alto-endpointpropparams+json",
  endpointCost: "application/alto-endpointcost+json",
  endpointCostParams: "application/alto-endpointcostparams+json",
  error: "application/alto-error+json",
  updateStreamParams: "application/alto-updatestreamparams+json",
  updateStreamControl: "application/alto-updatestreamcontrol+json",
  mergePatch: "application/merge-patch+json",
  eventStream: "text/event-stream",
} as const;

/** RFC 9110 §12.5.1, as far as a resource of one media type needs it: whether that one is accepted at all. */
export function isAcceptable(accept: string | undefined, type: string): boolean {
  if (accept === undefined || accept.trim() === "") return true;
  const [family] = type.split("/");
  return accept.split(",").some((range) => {
    const [name = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    const isRefused = parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
    return !isRefused && (name === type || name === "*/*" || name === `${String(family)}/*`);
  });
}
