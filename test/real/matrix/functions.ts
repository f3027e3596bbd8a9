import intentClassify from "../../../functions/intent-classify/handler.ts";
import intentTranslate from "../../../functions/intent-translate/handler.ts";
import type { HostedFunction } from "../../../runtime/function.ts";
import { chain, type Notes } from "../../conformance/hosts-functions.ts";

/** What is hosted: the functions of the conformance suite, and two of the product's. */
export const functions: readonly HostedFunction<Notes>[] = [...chain, intentClassify, intentTranslate];
