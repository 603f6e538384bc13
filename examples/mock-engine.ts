// Drives a running mock-engine from tests in TypeScript: copy it into your repository. It needs `fetch` alone.
// Each `MockEngine` has a session of its own: jobs, journal and armed behaviour that no other test sees.
// All types there are: npx -y -p typescript@5 -p openapi-typescript openapi-typescript http://127.0.0.1:4010/_mock/openapi.json -o mock.d.ts

export type JobStatus = "running" | "paused" | "error" | "complete" | "canceled" | "incomplete";
export type Situation =
  | "no-credential" | "wrong-credential" | "other-role" | "missing-parameter" | "unknown-job" | "not-active"
  | "too-many-requests" | "failure" | "unavailable";

export interface JobLine { job_id: string; status: JobStatus; name: string }
export interface NewJob { job_id?: string; name?: string; status?: JobStatus; tasks?: number; age_ms?: number; ends_in_ms?: number; ends_as?: "complete" | "error" }
/** What is answered in place of the right answer, and to which requests. */
export interface Behavior {
  code?: number; fault?: string; situation?: Situation; profile?: string; example?: string; body?: unknown; headers?: Record<string, string>;
  /** After the effect; `latency_before_ms` waits before it, so that somebody else can be faster. */
  latency_ms?: number | [number, number]; latency_before_ms?: number | [number, number];
  /** Another call: `searchJobs`, `getJobDetails`, `startJobWithOptions`, `login`, … or an operation of `--page`; the cancel without it. */
  operation?: string; job_id?: string; role?: string; times?: number; percentage?: number;
}
export interface Entry {
  number: number; role: string | null; job_id: string | null; request: { method: string; path: string }; status: number; reason: string | null;
}
export interface Session { name: string; entries: number; jobs: number; last_used: string }

export class MockEngine {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;

  /** `session` is 1 to 100 letters, digits and . _ : @ -; others become -. */
  constructor(url = "http://127.0.0.1:4010", session = "default") {
    this.url = url;
    this.headers = { "Mock-Session": session.replace(/[^A-Za-z0-9_.:@-]/g, "-").slice(-100) };
  }

  /** Back to the start. Call it before each test where the session's name comes again. */
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

  async status(jobId: string): Promise<JobStatus> { return (await this.#control<{ status: JobStatus }>("GET", this.#job(jobId))).status; }

  /** Change a job as another user or the engine does. */
  async change(jobId: string, change: { status?: JobStatus; name?: string }): Promise<void> { await this.#control("PATCH", this.#job(jobId), change); }

  /** Remove a job as another user does: it is then unknown. */
  async remove(jobId: string): Promise<void> { await this.#control("DELETE", this.#job(jobId)); }

  /** Move this session's clock on: jobs end, and with --token-lifetime logins expire. */
  async advance(ms: number): Promise<void> { await this.#control("POST", "clock", { advance_ms: ms }); }

  /** Stop this session's clock at a time (RFC 3339); null lets it run as the real one again. */
  async setNow(now: string | null): Promise<void> { await this.#control("POST", "clock", { now }); }

  /** The sessions of this mock, with their last use. */
  async sessions(): Promise<Session[]> { return (await this.#control<{ sessions: Session[] }>("GET", "sessions")).sessions; }

  /** Arm a behaviour in place of what was armed, or several in order; without one, disarm. */
  async arm(...inOrder: Behavior[]): Promise<void> { await this.#control("PUT", "behavior", inOrder); }

  /** The journal, newest last. */
  async requests(): Promise<Entry[]> { return (await this.#control<{ requests: Entry[] }>("GET", "requests")).requests; }

  /** Log in; the token, for `cancel` and for the cookie `token`. */
  async login(username: string, password = ""): Promise<string> {
    const headers = { ...this.headers, "Content-Type": "application/json" };
    const answer = await fetch(`${this.url}/login`, { method: "POST", headers, body: JSON.stringify({ user: { username, password } }) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`POST /login: ${answer.status} ${text}`);
    return text;
  }

  /** Cancel a job as somebody else does, who was faster. The token is a role's name; with --users or --token-lifetime, one of `login`. */
  async cancel(jobId: string, token = "support", prefer?: string): Promise<Response> {
    const headers = { ...this.headers, "Content-Type": "application/json", Authorization: `Bearer ${token}` };
    return fetch(`${this.url}/workflow_engine/cancelJob`, {
      method: "POST", body: JSON.stringify({ job_id: jobId }), headers: prefer ? { ...headers, Prefer: prefer } : headers,
    });
  }

  #job(jobId: string): string { return `jobs/${encodeURIComponent(jobId)}`; }

  async #control<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const headers = body === undefined ? this.headers : { ...this.headers, "Content-Type": "application/json" };
    const answer = await fetch(`${this.url}/_mock/${path}`, { method, headers, ...sent });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} /_mock/${path}: ${answer.status} ${text}`);
    return (text ? JSON.parse(text) : undefined) as Answer;
  }
}
