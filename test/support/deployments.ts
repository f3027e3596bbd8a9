import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Scaled {
  readonly path: string;
  readonly replicas: number;
}

/** The scale subresource of a Kubernetes API (autoscaling/v1 Scale), with a record of what it was made to do. */
export interface Deployments {
  readonly address: URL;
  readonly scaled: readonly Scaled[];
  /** What it answers instead, until it is undefined again. */
  fault: number | undefined;
  close(): Promise<void>;
}

const path = /^\/apis\/apps\/v1\/namespaces\/([a-z0-9-]+)\/(deployments|statefulsets)\/([a-z0-9-]+)\/scale$/;

export async function startDeployments(token: string): Promise<Deployments> {
  const scaled: Scaled[] = [];
  const state: { fault: number | undefined } = { fault: undefined };
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const answer = (status: number, said: object): void => {
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(said));
      };
      const failure = (code: number, message: string): void =>
        answer(code, { kind: "Status", apiVersion: "v1", status: "Failure", code, message });
      if (state.fault !== undefined) return failure(state.fault, "as declared");
      if (request.headers.authorization !== `Bearer ${token}`) return failure(401, "Unauthorized");
      const found = path.exec(request.url ?? "");
      if (found === null) return failure(404, "the server could not find the requested resource");
      if (request.method !== "PATCH" || request.headers["content-type"] !== "application/merge-patch+json")
        return failure(415, "the body was not a merge patch");
      const { spec } = JSON.parse(body) as { spec: { replicas: number } };
      if (!Number.isInteger(spec.replicas) || spec.replicas < 0) return failure(422, "spec.replicas is invalid");
      scaled.push({ path: String(request.url), replicas: spec.replicas });
      return answer(200, { kind: "Scale", apiVersion: "autoscaling/v1", metadata: { name: found[3], namespace: found[1] }, spec });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(state, {
    address: new URL(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`),
    scaled,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
