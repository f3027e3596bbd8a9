import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { at, delay, endOf, failures, look, loss, nodeOf, rate } from "../../test/support/topology.ts";
import { pairId } from "../probe/model.ts";
import { NODES, type Piece, pieceOfNode, piecesOfLink, type Pieces, takeIn, topologyOf } from "./merge.ts";

interface News {
  readonly place: string;
  readonly pieces: readonly Piece[];
}

const names = ["a", "b", "c"] as const;
const nodeNews = fc
  .record({
    name: fc.constantFrom(...names),
    generation: fc.constantFrom("1", "2"),
    version: fc.integer({ min: 1, max: 12 }),
    ip: fc.constantFrom("10.0.0.1", "10.0.0.2", undefined),
    ready: fc.boolean(),
    removed: fc.boolean(),
  })
  .map(({ name, generation, version, ip, ready, removed }): News => {
    const node = nodeOf(name, ip, { uid: `${name}-${generation}`, ready, resourceVersion: String(version) });
    return { place: NODES, pieces: [pieceOfNode({ node, removed })] };
  });
const linkNews = fc
  .record({
    ends: fc.tuple(fc.constantFrom(...names), fc.constantFrom(...names)),
    second: fc.integer({ min: 0, max: 9 }),
    values: fc.tuple(fc.double({ min: -1, max: 100, noNaN: true }), fc.integer({ min: -1, max: 110 }), fc.integer({ min: 0, max: 5 })),
    withRate: fc.boolean(),
  })
  .map(({ ends: [from, to], second, values: [ms, percent, flaps], withRate }): News => {
    const measurements = [delay(ms), loss(percent), failures(flaps), ...(withRate ? [rate(ms * 10)] : [])];
    const seen = look(endOf(from, "10.0.0.1"), endOf(to, "10.0.0.2"), measurements, second);
    return { place: pairId(seen), pieces: piecesOfLink(seen) };
  });
const news = fc.oneof(nodeNews, linkNews);

const after = (stories: readonly News[]) => {
  const all: Pieces = new Map();
  for (const { place, pieces } of stories) takeIn(all, place, pieces);
  return topologyOf("kind-kind", all);
};

describe("a topology", () => {
  it("is the same after any order and any repetition of the same news", () => {
    let merged = 0;
    fc.assert(
      fc.property(
        fc
          .array(news, { minLength: 1, maxLength: 30 })
          .chain((stories) =>
            fc.tuple(
              fc.constant(stories),
              fc.shuffledSubarray(stories, { minLength: stories.length }),
              fc.array(fc.constantFrom(...stories), { maxLength: 30 }),
            ),
          ),
        ([stories, shuffled, again]) => {
          const once = after(stories);
          expect(after([...shuffled, ...again])).toEqual(once);
          expect(after([...again, ...shuffled])).toEqual(once);
          merged += Object.keys(once.links).length;
        },
      ),
      { numRuns: 500 },
    );
    expect(merged).toBeGreaterThan(100);
  });

  it("says of news whether it is any", () => {
    const all: Pieces = new Map();
    const first = piecesOfLink(look(endOf("a", "10.0.0.1"), endOf("b", "10.0.0.2"), [delay(1)], 5));
    const older = piecesOfLink(look(endOf("a", "10.0.0.1"), endOf("b", "10.0.0.2"), [delay(2)], 4));
    const other = piecesOfLink(look(endOf("a", "10.0.0.1"), endOf("b", "10.0.0.2"), [rate(9)], 4));
    expect([first, first, older, other].map((pieces) => takeIn(all, "a->b", pieces))).toEqual([true, false, false, true]);
  });

  it("keeps of each kind of reading the newest, so that a look without throughput forgets none", () => {
    const ends = [endOf("a", "10.0.0.1"), endOf("b", "10.0.0.2")] as const;
    const story = [look(...ends, [delay(1), rate(100)], 1), look(...ends, [delay(2)], 2)];
    const { links } = after(story.map((seen) => ({ place: pairId(seen), pieces: piecesOfLink(seen) })));
    const [link] = Object.values(links);
    expect(link?.readings).toEqual({
      "delay-rt:p50:round-trip": { at: at(2), measurement: delay(2) },
      "tput:mean:forward": { at: at(1), measurement: rate(100) },
    });
  });

  it("lets late news of a removed node not bring it back", () => {
    const node = (resourceVersion: string, removed: boolean): News => ({
      place: NODES,
      pieces: [pieceOfNode({ node: nodeOf("a", "10.0.0.1", { resourceVersion }), removed })],
    });
    const story = [node("10", true), node("9", false), node("10", false)];
    expect(Object.values(after(story).nodes)).toMatchObject([{ removed: true, node: { resourceVersion: "10" } }]);
  });

  it("keeps what cannot be apart from what can", () => {
    const seen = look(endOf("a", "10.0.0.1"), endOf("b", "10.0.0.2"), [delay(1)], 1);
    const forged = look(seen.source, seen.destination, [delay(-5)], 2);
    const { links } = after([seen, forged].map((one) => ({ place: pairId(one), pieces: piecesOfLink(one) })));
    expect(Object.values(links)[0]).toMatchObject({
      readings: { "delay-rt:p50:round-trip": { at: at(1), measurement: { value: 1 } } },
      flagged: { "delay-rt:p50:round-trip": { at: at(2), measurement: { value: -5 } } },
    });
  });
});
