import { here } from "./virtual-user.ts";

// The part of k6/execution that an iteration needs to name itself.

export const vu = {
  get idInTest(): number {
    return here().user;
  },
  get iterationInInstance(): number {
    return here().iteration;
  },
};

export const scenario = {
  get name(): string {
    return here().scenario;
  },
  get iterationInTest(): number {
    return here().inTest;
  },
};

const execution = { vu, scenario };
export default execution;
