import { generateKeyPairSync, randomBytes } from "node:crypto";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { type Child, freePort, startChild, untilReady } from "../../../scripts/services/child.ts";
import { type Client, type Clients, openClients } from "./client.ts";

export interface ClusterPrograms {
  readonly etcd: string;
  readonly apiServer: string;
}

/** An API server and its etcd: everything of a cluster that decides who may do what, and nothing that runs pods. */
export interface Cluster {
  readonly address: URL;
  /** PEM. */
  readonly ca: string;
  /** Of the group system:masters, whom RBAC does not bind. */
  readonly admin: Client;
  /** Somebody with this token. */
  with(token: string): Client;
  /** A ServiceAccount, by a token that the API makes for it (TokenRequest), as kubelets and `kubectl create token` do. */
  as(namespace: string, account: string): Promise<Client>;
  /** The API server ends and starts again: what it had in memory is gone, etcd's is not. */
  restart(): Promise<void>;
  /** etcd forgets every version but the last of each object. */
  compact(): Promise<void>;
  /** Both end, and what etcd had is kept aside. */
  backUp(): Promise<void>;
  /** Both end, and start again on what was kept. */
  restore(): Promise<void>;
  stop(): Promise<void>;
}

const Token = z.object({ status: z.object({ token: z.string() }) });
const Range = z.object({ header: z.object({ revision: z.string() }) });

/** etcd and the API server on ports of 127.0.0.1 that nobody had, with data of their own. */
export async function startCluster({ etcd, apiServer }: ClusterPrograms): Promise<Cluster> {
  const dir = await mkdtemp(join(tmpdir(), "underlay-kubernetes-"));
  const [clientPort, peerPort, port] = [await freePort(), await freePort(), await freePort()];
  const etcdUrl = `http://127.0.0.1:${String(clientPort)}`;
  const address = new URL(`https://127.0.0.1:${String(port)}`);
  const adminToken = randomBytes(24).toString("base64url");
  const data = join(dir, "etcd");
  const running: { store?: Child; server?: Child; clients?: Clients } = {};

  const { privateKey, publicKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  await writeFile(join(dir, "accounts.key"), privateKey, { mode: 0o600 });
  await writeFile(join(dir, "accounts.pub"), publicKey);
  await writeFile(join(dir, "tokens.csv"), `${adminToken},admin,admin,"system:masters"\n`, { mode: 0o600 });

  async function startStore(): Promise<void> {
    const peerUrl = `http://127.0.0.1:${String(peerPort)}`;
    const store = startChild(
      etcd,
      flags({
        "data-dir": data,
        "unsafe-no-fsync": "true",
        "listen-client-urls": etcdUrl,
        "advertise-client-urls": etcdUrl,
        "listen-peer-urls": peerUrl,
        "initial-advertise-peer-urls": peerUrl,
        "initial-cluster": `default=${peerUrl}`,
      }),
    );
    running.store = store;
    await untilReady("etcd", store, () => healthOf(`${etcdUrl}/health`), 30_000);
  }

  async function startServer(): Promise<void> {
    const server = startChild(
      apiServer,
      flags({
        "etcd-servers": etcdUrl,
        "etcd-compaction-interval": "0",
        "bind-address": "127.0.0.1",
        "advertise-address": "127.0.0.1",
        "secure-port": String(port),
        "cert-dir": join(dir, "certificates"),
        "endpoint-reconciler-type": "none", // which does not take a loopback address
        "service-cluster-ip-range": "10.96.0.0/24",
        "authorization-mode": "RBAC",
        "token-auth-file": join(dir, "tokens.csv"),
        "service-account-issuer": "https://kubernetes.default.svc",
        "service-account-key-file": join(dir, "accounts.pub"),
        "service-account-signing-key-file": join(dir, "accounts.key"),
        "allow-privileged": "true",
      }),
    );
    running.server = server;
    const greet = async (): Promise<string> => {
      running.clients ??= openClients(address, await readFile(join(dir, "certificates/apiserver.crt"), "utf8"));
      const { status, body } = await running.clients.with(adminToken).call("GET", "/readyz");
      if (status !== 200) throw new Error(JSON.stringify(body));
      return "ready";
    };
    await untilReady("the API server", server, greet, 120_000);
  }

  const end = async (): Promise<void> => {
    await running.server?.stop(20_000);
    await running.store?.stop();
  };
  const start = async (): Promise<void> => {
    await startStore();
    await startServer();
  };
  async function stop(): Promise<void> {
    await running.clients?.close();
    await end();
    await rm(dir, { recursive: true, force: true });
  }

  try {
    await start();
  } catch (fault) {
    await stop();
    throw fault;
  }
  const { clients } = running;
  if (clients === undefined) throw new Error("it is ready, and nobody asked it whether it was");
  const admin = clients.with(adminToken);

  return {
    address,
    ca: await readFile(join(dir, "certificates/apiserver.crt"), "utf8"),
    admin,
    with: (token) => clients.with(token),
    async as(namespace, account) {
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
      const { status } = await admin.done(Token, "POST", path, { body: { spec: { expirationSeconds: 3_600 } } });
      return clients.with(status.token);
    },
    async restart() {
      await running.server?.stop(20_000);
      await startServer();
    },
    async compact() {
      const ask = async (call: string, body: object): Promise<unknown> => {
        const reply = await fetch(`${etcdUrl}/v3/kv/${call}`, { method: "POST", body: JSON.stringify(body) });
        if (!reply.ok) throw new Error(`etcd answered ${String(reply.status)} to ${call}`);
        return reply.json();
      };
      const { header } = Range.parse(await ask("range", { key: Buffer.from("/").toString("base64"), count_only: true }));
      await ask("compaction", { revision: header.revision, physical: true });
    },
    async backUp() {
      await end();
      await cp(data, join(dir, "kept"), { recursive: true });
      await start();
    },
    async restore() {
      await end();
      await rm(data, { recursive: true });
      await cp(join(dir, "kept"), data, { recursive: true });
      await start();
    },
    stop,
  };
}

const flags = (given: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(given).map(([name, value]) => `--${name}=${value}`);

async function healthOf(url: string): Promise<string> {
  const reply = await fetch(url, { signal: AbortSignal.timeout(2_000) });
  if (!reply.ok) throw new Error(`${String(reply.status)} ${await reply.text()}`);
  return reply.text();
}
