import type { Problem, Stream } from "../model.ts";
import type { Certificate } from "../schedule.ts";
import { exhaust } from "./exhaust.ts";
import { burstOf, type Ground, groundOf } from "./network.ts";
import { canPack } from "./packing.ts";
import { fastestNs, mustPass, simplePaths } from "./paths.ts";
import { reaches } from "./routes.ts";

/** Whether a proof holds, and if not, which of its steps does not. */
export interface CertificateCheck {
  readonly holds: boolean;
  readonly reason: string;
}

const holds = (reason: string): CertificateCheck => ({ holds: true, reason });
const fails = (reason: string): CertificateCheck => ({ holds: false, reason });

/** Derives a proof of infeasibility again, from the problem alone and with none of the solver's code. */
export function checkCertificate(problem: Problem, certificate: Certificate): CertificateCheck {
  const ground = groundOf(problem);
  const streams: Stream[] = [];
  for (const id of "streams" in certificate ? certificate.streams : [certificate.stream]) {
    const stream = ground.streams.get(id);
    if (stream === undefined || streams.includes(stream)) return fails(`${id} is no stream of the problem, or named twice`);
    streams.push(stream);
  }
  if (streams.length === 0) return fails("it names no stream");
  switch (certificate.kind) {
    case "unreachable":
    case "redundancy":
    case "latency":
      return checkStream(ground, streams[0] as Stream, certificate);
    case "utilisation":
      return checkUtilisation(ground, streams, certificate.links);
    case "pair-gcd":
      return onLink(ground, streams, certificate.link, (occupancies) => {
        const g = gcd(streams[0]?.intervalNs ?? 1, streams[1]?.intervalNs ?? 1);
        const sum = occupancies.reduce((a, b) => a + b, 0);
        if (sum !== certificate.occupancyNs || g !== certificate.gcdNs) return fails(`it is ${String(sum)} ns in ${String(g)} ns`);
        return sum > g ? holds("the frames do not fit beside each other") : fails("the frames fit beside each other");
      });
    case "residue-packing":
      return onLink(ground, streams, certificate.link, (occupancies) => {
        const least = leastResidues(
          streams.map((s, i) => ({ period: s.intervalNs, length: occupancies[i] as number })),
          certificate.moduloNs,
        );
        return least > certificate.moduloNs ? holds("there are fewer residues than are needed") : fails("the residues suffice");
      });
    case "harmonic-packing":
      return onLink(ground, streams, certificate.link, (occupancies) => {
        const answer = canPack(streams.map((s, i) => ({ period: s.intervalNs, length: occupancies[i] as number })));
        return answer === "no" ? holds("every way of dealing the frames out fails") : fails(`they can be dealt out: ${answer}`);
      });
    case "conflict-set": {
      const answer = exhaust(ground, streams);
      return answer === "none" ? holds("every choice of order contradicts itself") : fails(`the search ended with: ${answer}`);
    }
    default:
      return certificate satisfies never;
  }
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

function checkStream(
  ground: Ground,
  stream: Stream,
  certificate: Certificate & { kind: "unreachable" | "redundancy" | "latency" },
): CertificateCheck {
  const { listener } = certificate;
  if (!stream.listeners.includes(listener)) return fails(`${listener} does not listen to ${stream.id}`);
  switch (certificate.kind) {
    case "unreachable":
      return reaches(ground, stream.talker, listener, {}) ? fails("there is a path") : holds("there is no path");
    case "redundancy": {
      const paths = simplePaths(ground, stream.talker, listener, stream.trees);
      return paths !== undefined && paths.length < stream.trees && certificate.trees === stream.trees
        ? holds("there are fewer paths than trees")
        : fails("there are paths enough");
    }
    case "latency": {
      const bound = fastestNs(ground, stream, listener);
      if (bound !== certificate.lowerBoundNs || stream.maxLatencyNs !== certificate.maxLatencyNs)
        return fails(`the fastest path takes ${String(bound)} ns, and may take ${String(stream.maxLatencyNs)}`);
      return bound > stream.maxLatencyNs ? holds("the fastest path is too slow") : fails("the fastest path is fast enough");
    }
    default:
      return certificate satisfies never;
  }
}

function checkUtilisation(ground: Ground, streams: readonly Stream[], ids: readonly string[]): CertificateCheck {
  const links = ids.flatMap((id) => ground.links.get(id) ?? []);
  if (links.length < ids.length || new Set(ids).size < ids.length) return fails("it names what is no link, or a link twice");
  const cut = new Set(ids);
  const elsewhere = streams.find((s) => !mustPass(ground, s, cut));
  if (elsewhere !== undefined) return fails(`${elsewhere.id} can go around these links`);
  const rate = Math.max(...links.map((l) => l.rateMbps));
  const cycle = streams.reduce((l, s) => (l / BigInt(gcd(Number(l % BigInt(s.intervalNs)), s.intervalNs))) * BigInt(s.intervalNs), 1n);
  const demand = streams.reduce(
    (sum, s) => sum + (BigInt(burstOf(s, rate, ground.problem.semantics.size).lengthNs) * cycle) / BigInt(s.intervalNs),
    0n,
  );
  return demand > cycle * BigInt(links.length) ? holds("the frames take longer than there is time") : fails("there is time enough");
}

/** What each stream keeps busy of a link that all of them have to pass, clocks included. */
function onLink(
  ground: Ground,
  streams: readonly Stream[],
  id: string,
  check: (occupancies: readonly number[]) => CertificateCheck,
): CertificateCheck {
  const link = ground.links.get(id);
  if (link === undefined) return fails(`${id} is no link`);
  const cut = new Set([id]);
  const elsewhere = streams.find((s) => !mustPass(ground, s, cut));
  if (elsewhere !== undefined) return fails(`${elsewhere.id} can go around ${id}`);
  return check(
    streams.map((s) => burstOf(s, link.rateMbps, ground.problem.semantics.size).lengthNs + 2 * (ground.clockErrorNs + s.talkerJitterNs)),
  );
}

interface Load {
  readonly period: number;
  readonly length: number;
}

/** Fewest residues modulo m that these loads cover. Loads whose intervals have no more than m in common never share one. */
function leastResidues(loads: readonly Load[], m: number): number {
  if (loads.some((l) => l.period % m !== 0)) return 0;
  let total = 0;
  const left = new Set(loads);
  for (const start of loads) {
    if (!left.delete(start)) continue;
    const together = [start];
    for (const member of together) {
      for (const other of left) {
        if (gcd(member.period, other.period) <= m) continue;
        left.delete(other);
        together.push(other);
      }
    }
    const common = together.reduce((g, l) => gcd(g, l.period), 0);
    const longest = Math.max(...together.map((l) => l.length));
    const share = together.reduce((sum, l) => sum + (l.length * m) / l.period, 0);
    const folded = common > m ? (leastResidues(together, common) * m) / common : 0;
    total += Math.max(Math.min(longest, m), Math.ceil(share - 1e-6), Math.ceil(folded - 1e-6));
  }
  return total;
}
