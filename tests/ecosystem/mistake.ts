// A misspelling: tsc must say what was meant, in both documents.
import type { components } from "./api.js";
import type { components as mock } from "./mock.js";

export const canceled = (job: components["schemas"]["CanceledJob"]) => job.staus;
export const found = (row: mock["schemas"]["FoundJob"]) => row.craeted;
export const listed = (job: mock["schemas"]["Job"]) => job.metrics.start_tine;
