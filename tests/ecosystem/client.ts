// A small client on the generated types: cancels a job, looks at the answer, and tries once more.
// usage: node build/client.js BASE_URL TOKEN JOB_ID
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";
import type { components as mock, paths as control } from "./mock.js";

type Job = components["schemas"]["CanceledJob"];
type AnyJob = mock["schemas"]["Job"];

const [baseUrl, token, jobId] = process.argv.slice(2);
if (!baseUrl || !token || !jobId) throw new Error("Give the base URL, a token and a job's id.");

const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
const mockClient = createClient<control>({ baseUrl });
const cancel = (job_id: string) => client.POST("/workflow_engine/cancelJob", { body: { job_id } });

function summary(job: Job) {
  const status: "canceled" = job.status;
  const tasks: Record<string, string> = {};
  for (const [key, task] of Object.entries(job.tasks)) tasks[key] = task.status;
  const steps: string[] = Object.values(job.transitions).flatMap((next) => Object.values(next).map(({ state }) => state));
  const ended: number = job.metrics.end_time;
  const errors: string[] = (job.error ?? []).map(({ message }) => message);
  return { id: job._id, status, tasks, steps, ended, errors, watchers: job.watchers.length };
}

// What the types must not let through.
export const mistakes = () => [
  // @ts-expect-error the parameter is required
  client.POST("/workflow_engine/cancelJob", { body: {} }),
  // @ts-expect-error the parameter is a string
  client.POST("/workflow_engine/cancelJob", { body: { job_id: 5 } }),
  // @ts-expect-error the route has no other method
  client.GET("/workflow_engine/cancelJob"),
  // @ts-expect-error there is no such route
  client.POST("/workflow_engine/cancelJobs", { body: { job_id: jobId } }),
  // @ts-expect-error an answered job is canceled
  (job: Job) => job.status === "running",
  // @ts-expect-error an engine may leave the errors out
  (job: Job) => job.error.length,
  // @ts-expect-error a job that runs has no end yet
  (job: AnyJob): number => job.metrics.end_time,
  // @ts-expect-error a job has one of six statuses
  (job: AnyJob) => job.status === "cancelled",
];

const first = await cancel(jobId);
if (first.data === undefined) throw new Error(`The job was not canceled: ${first.response.status}`);
const again = await cancel(jobId);
const listed = await mockClient.GET("/_mock/jobs", { params: { query: { status: "canceled" } } });
const search = { query: { status: "canceled" }, fields: { name: 1 }, limit: 5 }; // `skip` may be left out
const headers = { Authorization: `Bearer ${token}` };
const found = await mockClient.POST("/workflow_engine/jobs/search", { body: { options: search }, headers });
const title: string | undefined = found.data?.results[0]?.name;
const made = await mockClient.POST("/_mock/jobs", { body: { status: "paused" } }); // and so may `ends_as`
if (title === undefined || made.response.status !== 201) throw new Error("No job was found, or none was made.");
const names: string[] | undefined = listed.data?.jobs.map(({ job_id }) => job_id);
console.log(
  JSON.stringify({ job: summary(first.data), again: again.response.status, refused: again.error !== undefined, names }),
);
