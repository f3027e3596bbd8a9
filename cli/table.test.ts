import { describe, expect, it } from "vitest";
import { openScreen, painter, printable } from "./screen.ts";
import { type Column, styleOf, table } from "./table.ts";

const plain = painter(false);
interface Row {
  readonly id: string;
  readonly state?: string;
  readonly n?: number;
}
const columns: readonly Column<Row>[] = [
  { title: "ID", of: (row) => row.id },
  { title: "STATE", of: (row) => row.state, style: (row) => styleOf(row.state) },
  { title: "N", of: (row) => row.n },
];

describe("a table", () => {
  it("has columns as wide as their widest cell, and no spaces at the end of a line", () => {
    expect(table([{ id: "a", state: "FULFILLED", n: 1 }, { id: "longer" }], columns, plain)).toEqual([
      "ID      STATE      N",
      "a       FULFILLED  1",
      "longer",
    ]);
  });

  it("leaves out a column in which no row says anything", () => {
    expect(table([{ id: "a", n: 2 }], columns, plain)).toEqual(["ID  N", "a   2"]);
  });

  it("is as wide with colours as without", () => {
    const rows = [
      { id: "a", state: "FULFILLED", n: 1 },
      { id: "b", state: "placed", n: 2 },
    ];
    const coloured = table(rows, columns, painter(true));
    expect(coloured[1]).toContain("\u001B[32mFULFILLED\u001B[0m");
    // oxlint-disable-next-line no-control-regex -- a colour begins with one
    expect(coloured.map((line) => line.replaceAll(/\u001B\[\d+m/g, ""))).toEqual(table(rows, columns, plain));
  });

  it("lets nobody's text steer the terminal", () => {
    expect(table([{ id: "a\u001B[2J\nb", n: 1 }], columns, plain)[1]).toBe("a [2J b  1");
    expect(printable("a\u009B31mb\r\n")).toBe("a 31mb ");
  });
});

describe("the screen", () => {
  const opened = (isTTY: boolean) => {
    const written = { stdout: "", stderr: "" };
    const screen = openScreen({
      stdout: { isTTY, write: (text) => (written.stdout += text) },
      stderr: { isTTY, write: (text) => (written.stderr += text) },
      isColoured: true,
    });
    return { screen, written };
  };

  it("shows progress to a terminal only, on a line that the next one replaces", () => {
    const { screen, written } = opened(true);
    screen.progress("1 of 2");
    screen.progress("2 of 2");
    screen.print("done");
    expect(written).toEqual({ stdout: "done\n", stderr: "1 of 2\r\u001B[K2 of 2\r\u001B[K" });

    const piped = opened(false);
    piped.screen.progress("1 of 2");
    piped.screen.print("done");
    expect(piped.written).toEqual({ stdout: "done\n", stderr: "" });
  });

  it("has colours on a terminal only", () => {
    expect(opened(true).screen.paint("x", "bad")).toBe("\u001B[31mx\u001B[0m");
    expect(opened(false).screen.paint("x", "bad")).toBe("x");
  });
});
