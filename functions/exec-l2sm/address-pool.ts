interface Range {
  readonly first: number;
  readonly size: number;
}

function rangeOf(cidr: string): Range | undefined {
  const [, a, b, c, d, prefix] = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr) ?? [];
  if (prefix === undefined || Number(prefix) > 32) return undefined;
  const size = 2 ** (32 - Number(prefix));
  const address = [a, b, c, d].reduce((sum, octet) => sum * 256 + Number(octet), 0);
  return { first: Math.floor(address / size) * size, size };
}

const text = ({ first, size }: Range): string =>
  `${[24, 16, 8, 0].map((shift) => String(Math.floor(first / 2 ** shift) % 256)).join(".")}/${String(32 - Math.log2(size))}`;

const overlaps = (a: Range, b: Range): boolean => a.first < b.first + b.size && b.first < a.first + a.size;

/**
 * Address ranges for clusters that join a network later. L2S-M's server divides `podCidr` among the clusters of one request only, so
 * for some of them it would give out again what the others have. Its own rule (ApplyCIDRs: the prefix grows by the bit length of the
 * number of clusters, block 0 stays free) over all clusters, without the blocks that are taken. Undefined: there are too few.
 */
export function freeRanges(podCidr: string, clusters: number, taken: readonly string[], needed: number): readonly string[] | undefined {
  const whole = rangeOf(podCidr);
  if (whole === undefined) return undefined;
  const blocks = 2 ** clusters.toString(2).length;
  const size = whole.size / blocks;
  if (size < 1) return undefined;
  const held = taken.map(rangeOf).filter((range) => range !== undefined);
  const free: string[] = [];
  for (let i = 1; i < blocks && free.length < needed; i++) {
    const block = { first: whole.first + i * size, size };
    if (!held.some((range) => overlaps(range, block))) free.push(text(block));
  }
  return free.length === needed ? free : undefined;
}
