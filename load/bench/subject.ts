import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Answer, Arrangement, Order, Surroundings } from "./arrangement.ts";

const ENTRY = join(import.meta.dirname, "../subject.ts");

/** The process under test, as its parent sees it. */
export interface Subject {
  readonly pid: number;
  /** Resolves when it consumes, with its address where it has one. */
  start(arrangement: Arrangement): Promise<string | undefined>;
  /** Resolves when it consumes no more. */
  stop(): Promise<void>;
  /** Profiles it while `work` runs; answers the profile's file. */
  profile(work: () => Promise<unknown>): Promise<string>;
  end(): Promise<void>;
}

export function forkSubject(surroundings: Surroundings): Subject {
  const child = fork(ENTRY, [JSON.stringify(surroundings)], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const exited = once(child, "exit");

  async function ask(order: Order): Promise<Answer> {
    child.send(order);
    const gone = exited.then(() => {
      throw new Error("the process under test ended");
    });
    const [answer] = (await Promise.race([once(child, "message"), gone])) as [Answer];
    if (answer.is === "failed") throw new Error(`the process under test could not ${order.do}: ${answer.reason}`);
    return answer;
  }

  return {
    pid: child.pid ?? 0,
    async start(arrangement) {
      const answer = await ask({ do: "start", arrangement });
      return answer.is === "started" ? answer.address : undefined;
    },
    async stop() {
      await ask({ do: "stop" });
    },
    async profile(work) {
      await ask({ do: "profile" });
      await work();
      const answer = await ask({ do: "profiled" });
      if (answer.is !== "profile") throw new Error("the process under test gave no profile");
      return answer.file;
    },
    async end() {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}
