import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csvText, parseCsv } from "./csv.ts";

const shape = { columns: [["a", "alpha"], ["b"]] as const, maxRows: 3 };

describe("tables", () => {
  it("are read with quotes, other line ends, a mark in front and blank lines", () => {
    const read = parseCsv('\uFEFFb,Alpha\r\n"x, ""y""",1\r\n\r\n z ,"2\n3"\n', shape);
    expect(read).toEqual({
      ok: true,
      value: [
        { line: 2, cells: { b: { text: 'x, "y"', line: 2, column: 1 }, a: { text: "1", line: 2, column: 12 } } },
        { line: 4, cells: { b: { text: "z", line: 4, column: 1 }, a: { text: "2\n3", line: 4, column: 5 } } },
      ],
    });
  });

  it.each([
    ["", 1, 1, "is empty"],
    ["a\n1\n", 1, 1, "column is missing"],
    ["a,b,c\n", 1, 5, "is no column of this file"],
    ["a,b,b\n", 1, 1, "twice"],
    ["a,b\n1\n", 2, 1, "has 1 cell where the header has 2"],
    ["a,b\n1,2,3\n", 2, 1, "has 3 cells"],
    ['a,b\n1,"2\n3\n', 2, 3, "not closed"],
    ["a,b\n1,1\n2,2\n3,3\n4,4\n", 5, 1, "one line more than the 3"],
  ])("%j is refused with its place", (text, line, column, reason) => {
    expect(parseCsv(text, shape)).toMatchObject({ ok: false, faults: [{ line, column, reason: expect.stringContaining(reason) }] });
  });

  it("come back as they were written, whatever is in a cell", () => {
    const cell = fc.string().map((s) => s.trim());
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { maxLength: 5 }), (rows) => {
        const read = parseCsv(csvText(["a", "b"], rows), { columns: [["a"], ["b"]], maxRows: 10 });
        if (!read.ok) throw new Error(JSON.stringify(read.faults));
        // A line of one empty cell and a comma is a row; only what is quite empty is passed over.
        expect(read.value.map(({ cells }) => [cells["a"]?.text, cells["b"]?.text])).toEqual(rows);
      }),
    );
  });
});
