import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import { Controller, type ReachableController } from "../domain/controllers.ts";

/** The log reaches nothing, and a TSN schedule is kept here: they need no entry in the operator's file. */
const builtIn: readonly ReachableController[] = ["log", "tsn"].map((executioner) => ({
  executioner,
  origin: `${executioner}:`,
  address: new URL(`${executioner}:`),
}));

/** The file that `CONTROLLERS_FILE` names: a list of controllers in YAML or JSON. Everything that is wrong with it is told at once. */
export function readControllersFile(file: string): readonly Controller[] {
  const parsed = z.array(Controller).safeParse(parse(readFileSync(file, "utf8")));
  if (parsed.success) return parsed.data;
  throw new Error(`bad controllers in ${file}\n${z.prettifyError(parsed.error)}`);
}

/** Reads the credentials and CAs that controllers name. */
export function reachable(controllers: readonly Controller[]): readonly ReachableController[] {
  return [
    ...controllers.map(({ executioner, origin, connect, face, dialect, sessionsBody, userFile, passwordFile, caFile, ...rest }) => ({
      executioner,
      origin,
      address: new URL(connect ?? origin),
      ...(face === undefined ? {} : { face }),
      ...(userFile === undefined ? {} : { user: readFileSync(userFile, "utf8").trim() }),
      ...(passwordFile === undefined ? {} : { password: readFileSync(passwordFile, "utf8").trim() }),
      ...(caFile === undefined ? {} : { ca: readFileSync(caFile, "utf8") }),
      ...oauthOf(rest),
      ...(dialect === undefined ? {} : { dialect }),
      ...(sessionsBody === undefined ? {} : { sessionsBody }),
      ...mobileOf(rest),
      ...limitsOf(rest),
      ...twinSourceOf(rest),
    })),
    ...builtIn,
  ];
}

function oauthOf({
  tokenUrl,
  clientIdFile,
  clientSecretFile,
  scope,
}: Pick<Controller, "tokenUrl" | "clientIdFile" | "clientSecretFile" | "scope">): Pick<ReachableController, "oauth"> {
  if (tokenUrl === undefined || clientIdFile === undefined || clientSecretFile === undefined) return {};
  const clientId = readFileSync(clientIdFile, "utf8").trim();
  const clientSecret = readFileSync(clientSecretFile, "utf8").trim();
  return { oauth: { tokenUrl: new URL(tokenUrl), clientId, clientSecret, ...(scope === undefined ? {} : { scope }) } };
}

/** What only an entry for a 5G core has. */
function mobileOf({
  exposure,
  dataflows,
  scsAsId,
  ues,
  notifyUrl,
}: Pick<Controller, "exposure" | "dataflows" | "scsAsId" | "ues" | "notifyUrl">): Pick<
  ReachableController,
  "exposure" | "dataflows" | "scsAsId" | "ues" | "notifyUrl"
> {
  return {
    ...(exposure === undefined ? {} : { exposure }),
    ...(dataflows === undefined ? {} : { dataflows }),
    ...(scsAsId === undefined ? {} : { scsAsId }),
    ...(ues === undefined ? {} : { ues }),
    ...(notifyUrl === undefined ? {} : { notifyUrl: new URL(notifyUrl) }),
  };
}

/** What is refused before any effect, because it does not fit (docs/conflicts.md). */
const limitsOf = ({
  ueCapacityMbps,
  ports,
  paths,
  probes,
  roots,
}: Pick<Controller, "ueCapacityMbps" | "ports" | "paths" | "probes" | "roots">): Pick<
  ReachableController,
  "ueCapacityMbps" | "ports" | "paths" | "probes" | "roots"
> => ({
  ...(ueCapacityMbps === undefined ? {} : { ueCapacityMbps }),
  ...(ports === undefined ? {} : { ports }),
  ...(paths === undefined ? {} : { paths }),
  ...(probes === undefined ? {} : { probes }),
  ...(roots === undefined ? {} : { roots }),
});

/** What only an entry for a Kubernetes API or a source of the twins has. */
function twinSourceOf({
  cluster,
  tokenFile,
  podCidr,
  usage,
}: Pick<Controller, "cluster" | "tokenFile" | "podCidr" | "usage">): Pick<ReachableController, "cluster" | "token" | "podCidr" | "usage"> {
  return {
    ...(cluster === undefined ? {} : { cluster }),
    ...(tokenFile === undefined ? {} : { token: tokenIn(tokenFile) }),
    ...(podCidr === undefined ? {} : { podCidr }),
    ...(usage === undefined ? {} : { usage }),
  };
}

/** Read once at the start, so that a wrong path is told then, and after that for each request. */
function tokenIn(file: string): () => string {
  const read = (): string => readFileSync(file, "utf8").trim();
  read();
  return read;
}
