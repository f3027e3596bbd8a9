import { type CncInput, readCncConfig } from "../../domain/tsn/formats/cnc-config.ts";
import { CNC_ROOT } from "../../domain/tsn/formats/cnc-schema.ts";
import { readNetwork, type TsnInput } from "../../domain/tsn/formats/network.ts";
import { readStreams, readTableNetwork, type TableOptions } from "../../domain/tsn/formats/tsnkit.ts";
import type { GuardBand } from "../../domain/tsn/model.ts";
import { Failure } from "../failure.ts";
import { must, nameOf, readText } from "./files.ts";

/** Where a problem comes from. */
export interface SourceOptions {
  readonly streams?: string;
  readonly topology?: string;
  readonly config?: string;
  readonly guardBand?: GuardBand;
  readonly syncError?: number;
}

export interface Source {
  readonly input: TsnInput;
  /** What a CUC is to be answered, where the streams came from one. */
  readonly cnc?: CncInput;
}

const JSON_HINT = "docs/tsn.md has the form of networks and streams in JSON";
const CSV_HINT = "docs/tsn.md has the tables, column by column";

const isJson = (text: string): boolean => /^\uFEFF?\s*[{[]/.test(text);

export const hasSource = ({ streams, topology, config }: SourceOptions): boolean =>
  streams !== undefined || topology !== undefined || config !== undefined;

/** Streams and topology as tables, or a JSON file of one's own, or a CUC's request and a network. */
export async function readSource(options: SourceOptions, stdin: () => Promise<Buffer>): Promise<Source> {
  const { streams, topology, config, guardBand, syncError } = options;
  if (config !== undefined && streams !== undefined) throw new Failure(["--config and --streams both bring streams: give one of them"]);
  if ([streams, topology, config].filter((file) => file === "-").length > 1)
    throw new Failure(["- was given twice, and there is one stdin"]);
  const settings: TableOptions = {
    ...(guardBand === undefined ? {} : { guardBand }),
    ...(syncError === undefined ? {} : { syncErrorNs: syncError }),
  };
  const source = await (config === undefined
    ? readTables(streams, topology, settings, stdin)
    : readConfig(config, topology, settings, stdin));
  const { problem } = source.input;
  return guardBand === undefined ? source : { ...source, input: { ...source.input, problem: { ...problem, guardBand } } };
}

async function readConfig(
  config: string,
  topology: string | undefined,
  settings: TableOptions,
  stdin: () => Promise<Buffer>,
): Promise<Source> {
  const text = await readText(config, stdin);
  const network = topology === undefined ? undefined : await readNetworkFile(topology, settings, stdin);
  if (!text.includes(`"${CNC_ROOT}"`)) {
    if (topology !== undefined) throw new Failure([`${nameOf(config)}: has no ${CNC_ROOT}, and --topology brings the network`], JSON_HINT);
    return { input: must(config, readNetwork(text), JSON_HINT) };
  }
  const cnc = must(config, readCncConfig(text, network), JSON_HINT);
  return { input: cnc.input, cnc };
}

async function readTables(
  streams: string | undefined,
  topology: string | undefined,
  settings: TableOptions,
  stdin: () => Promise<Buffer>,
): Promise<Source> {
  if (topology === undefined || streams === undefined)
    throw new Failure(
      [`${topology === undefined ? "--topology" : "--streams"} is missing`],
      "give --streams FILE and --topology FILE, or --config FILE with both in it",
    );
  const network = await readNetworkFile(topology, settings, stdin);
  return { input: await withStreams(network, streams, stdin) };
}

/** A network as a table or as JSON, whatever the file is called. */
async function readNetworkFile(file: string, settings: TableOptions, stdin: () => Promise<Buffer>): Promise<TsnInput> {
  const text = await readText(file, stdin);
  if (isJson(text)) return must(file, readNetwork(text), JSON_HINT);
  return must(file, readTableNetwork(text, settings), CSV_HINT);
}

/** A network with the streams of a table besides its own. */
export async function withStreams(network: TsnInput, file: string, stdin: () => Promise<Buffer>): Promise<TsnInput> {
  const streams = must(file, readStreams(await readText(file, stdin), network.problem.nodes), CSV_HINT);
  return { ...network, problem: { ...network.problem, streams: [...network.problem.streams, ...streams] } };
}
