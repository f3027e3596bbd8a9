import { InvalidArgumentError } from "commander";

/** Reads an option that is a whole number from `least` to `most`. */
export const whole =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`a whole number from ${String(least)} to ${String(most)} is wanted.`);
  };
