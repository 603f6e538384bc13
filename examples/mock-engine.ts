// Drives a running mock-engine from tests in TypeScript: copy it into your repository. It needs `fetch` alone.
// Each `MockEngine` has a session of its own: jobs, journal and armed behaviour that no other test sees.
// All types there are: npx openapi-typescript http://127.0.0.1:4010/_mock/openapi.json -o mock.d.ts

export type JobStatus = "running" | "paused" | "error" | "complete" | "canceled" | "incomplete";
export type Situation =
  | "no-credential" | "wrong-credential" | "other-role" | "missing-parameter" | "unknown-job" | "not-active"
  | "too-many-requests" | "failure" | "unavailable";

export interface JobLine { job_id: string; status: JobStatus; name: string }
export interface NewJob { job_id?: string; name?: string; status?: JobStatus; tasks?: number; age_ms?: number; ends_in_ms?: number; ends_as?: "complete" | "error" }
/** What is answered in place of the right answer, and to which requests. */
export interface Behavior {
  code?: number; fault?: string; situation?: Situation; profile?: string; example?: string; body?: unknown;
  /** After the effect; `latency_before_ms` waits before it, so that somebody else can be faster. */
  latency_ms?: number | [number, number]; latency_before_ms?: number | [number, number];
  /** A call around a cancel, such as `login`; the cancel without it. */
  operation?: string; job_id?: string; role?: string; times?: number; percentage?: number;
}
export interface Entry { number: number; role: string | null; job_id: string | null; status: number; reason: string | null }

export class MockEngine {
  readonly headers: Readonly<Record<string, string>>;

  /** `session` is 1 to 100 letters, digits and . _ : @ -; others become -. */
  constructor(readonly url = "http://127.0.0.1:4010", session = "default") {
    this.headers = { "Mock-Session": session.replace(/[^A-Za-z0-9_.:@-]/g, "-").slice(-100) };
  }

  /** Back to the start. Call it before each test: the session's name comes again in the next run. */
  async reset(): Promise<void> { await this.#control("POST", "reset"); }

  async jobs(status?: JobStatus | "active"): Promise<JobLine[]> {
    return (await this.#control<{ jobs: JobLine[] }>("GET", status ? `jobs?status=${status}` : "jobs")).jobs;
  }

  /** Make a job; its id. */
  async makeJob(job: NewJob = {}): Promise<string> {
    const { job_ids: [made] } = await this.#control<{ job_ids: string[] }>("POST", "jobs", job);
    if (made === undefined) throw new Error("The mock made no job.");
    return made;
  }

  async status(jobId: string): Promise<JobStatus> {
    return (await this.#control<{ status: JobStatus }>("GET", `jobs/${encodeURIComponent(jobId)}`)).status;
  }

  /** Arm a behaviour in place of what was armed, or several in order; without one, disarm. */
  async arm(...inOrder: Behavior[]): Promise<void> { await this.#control("PUT", "behavior", inOrder); }

  /** The journal, newest last. */
  async requests(): Promise<Entry[]> { return (await this.#control<{ requests: Entry[] }>("GET", "requests")).requests; }

  /** Cancel a job as somebody else does, who was faster. */
  async cancel(jobId: string, role = "support", prefer?: string): Promise<Response> {
    const headers = { ...this.headers, "Content-Type": "application/json", Authorization: `Bearer ${role}` };
    return fetch(`${this.url}/workflow_engine/cancelJob`, {
      method: "POST", body: JSON.stringify({ job_id: jobId }), headers: prefer ? { ...headers, Prefer: prefer } : headers,
    });
  }

  async #control<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const headers = body === undefined ? this.headers : { ...this.headers, "Content-Type": "application/json" };
    const answer = await fetch(`${this.url}/_mock/${path}`, { method, headers, ...sent });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} /_mock/${path}: ${answer.status} ${text}`);
    return (text ? JSON.parse(text) : undefined) as Answer;
  }
}
