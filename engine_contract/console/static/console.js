"use strict";
// Everything works without this file but what needs time or the clipboard: the live journal, copying, zoom, narrowing.
// Nothing here makes markup of text: rows are copies of a template whose cells get textContent.

const said = document.getElementById("said");
const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

for (const button of all("[data-nojs]")) button.hidden = true;

// ── copying ──────────────────────────────────────────────────────────────────────────────────────
async function copy(text) {
  if (navigator.clipboard && window.isSecureContext) {
    try { await navigator.clipboard.writeText(text); return true; } catch { /* not allowed: the older way */ }
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "hide";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

for (const button of all("[data-copy]")) {
  button.hidden = false;
  const label = button.textContent;
  button.addEventListener("click", async () => {
    const source = one(button.dataset.copy);
    const done = await copy(source.value ?? source.textContent);
    button.focus();
    button.textContent = done ? "Copied" : "Not copied";
    said.textContent = done ? `${label}: copied.` : "The browser does not let this page copy. The text is below, to be selected.";
    if (!done && one("#report-box") && button.dataset.copy === "#report") one("#report-box").open = true;
    setTimeout(() => { button.textContent = label; said.textContent = ""; }, 2500);
  });
}

// ── zoom ─────────────────────────────────────────────────────────────────────────────────────────
for (const group of all("[data-zoom]")) {
  const svg = one(group.dataset.zoom);
  const canvas = svg.parentElement;
  const width = svg.viewBox.baseVal.width, height = svg.viewBox.baseVal.height;
  let scale = 1;
  const fitting = () => Math.min(1.25, canvas.clientWidth / width);
  const show = (wanted) => {
    const middle = (canvas.scrollLeft + canvas.clientWidth / 2) / (width * scale);
    scale = Math.max(0.002, Math.min(3, wanted));
    svg.setAttribute("width", String(Math.floor(width * scale)));
    svg.setAttribute("height", String(Math.ceil(height * scale)));
    canvas.scrollLeft = middle * width * scale - canvas.clientWidth / 2;
  };
  group.hidden = false;
  show(Math.max(0.75, Math.min(1, fitting())));
  const now = one(".t-running, .t-paused, .t-error", svg);
  canvas.scrollLeft = 0;
  if (now) {
    const box = now.getBoundingClientRect(), frame = canvas.getBoundingClientRect();
    if (box.right > frame.right) canvas.scrollLeft = box.left - frame.left - (frame.width - box.width) / 2;
    if (box.bottom > frame.bottom) canvas.scrollTop = box.top - frame.top - (frame.height - box.height) / 2;
  }
  group.addEventListener("click", (event) => {
    const by = event.target.dataset.by;
    if (by === "in") show(scale * 1.3);
    if (by === "out") show(scale / 1.3);
    if (by === "fit") show(fitting());
  });
}

// ── narrowing the list of faults ─────────────────────────────────────────────────────────────────
for (const input of all("[data-narrow]")) {
  const groups = all(`${input.dataset.narrow} details`);
  const open = groups.map((group) => group.open);
  const narrow = () => {
    const wanted = input.value.trim().toLowerCase();
    let left = 0;
    groups.forEach((group, number) => {
      let here = 0;
      for (const item of all("li", group)) {
        item.hidden = !item.textContent.toLowerCase().includes(wanted);
        here += item.hidden ? 0 : 1;
      }
      group.hidden = here === 0;
      group.open = wanted ? true : open[number];
      one(".count", group).textContent = String(here);
      left += here;
    });
    one("#none-left").hidden = left > 0;
    said.textContent = wanted ? `${left} match.` : "";
  };
  input.addEventListener("input", narrow);
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  if (input.value) narrow();
}

// ── the list of jobs, live ───────────────────────────────────────────────────────────────────────
const JOBS_POLL_MS = 1500;

if (one("#joblist")) {
  const refresh = () => {
    const list = one("#joblist"), began = performance.now(), request = new XMLHttpRequest();
    // A list of a million jobs takes its time.
    request.onloadend = () => setTimeout(refresh, Math.max(JOBS_POLL_MS, 10 * (performance.now() - began)));
    request.onload = () => {
      const fresh = request.status === 200 && one("#joblist", request.response);
      if (fresh && !fresh.isEqualNode(list) && !list.contains(document.activeElement)) list.replaceWith(fresh);
    };
    request.open("GET", location.href);
    request.responseType = "document"; // the server's page, in which no script runs
    if (document.hidden || list.contains(document.activeElement)) setTimeout(refresh, JOBS_POLL_MS);
    else request.send();
  };
  setTimeout(refresh, JOBS_POLL_MS);
}

// ── the journal, live ────────────────────────────────────────────────────────────────────────────
const journal = one("#journal");
const POLL_MS = 700, ROWS = 200;

const chosen = () => {
  const entry = one("#entry-title .no");
  if (!entry || !journal) return;
  const number = entry.textContent.replace(/\D/g, "");
  for (const row of all("tbody tr", journal)) {
    const is = row.dataset.number === number;
    row.classList.toggle("chosen", is);
    if (is) one("a", row).setAttribute("aria-current", "true");
  }
};
chosen();

if (journal && !("still" in journal.dataset)) {
  const body = one("tbody", journal), template = one("#row"), button = one("#live"), line = one("#live-said");
  const program = journal.dataset.program;
  let newest = Number(journal.dataset.newest), newestAt = journal.dataset.at, live = true, lost = false, asking = false;

  const make = (data) => {
    const row = template.content.firstElementChild.cloneNode(true);
    row.dataset.number = data.number;
    row.className = `o-${data.outcome} fresh${data.broken ? " broken" : ""}${data.pinned ? " pinned" : ""}`;
    one(".answer .pill", row).className = `pill o-${data.outcome}`;
    one("a", row).href = data.url;
    for (const cell of all("[data-is]", row)) {
      const value = data[cell.dataset.is];
      if (Array.isArray(value)) {
        for (const text of value) {
          const mark = document.createElement("span");
          mark.className = "mark";
          mark.textContent = text;
          cell.append(mark, " ");
        }
      } else cell.replaceChildren(...String(value).split("/").flatMap((part, number) => (number ? ["/", document.createElement("wbr"), part] : [part])));
    }
    return row;
  };

  const count = (counted, broken) => {
    for (const [name, number] of Object.entries({ ...counted, broken })) {
      const cell = one(`[data-count="${name}"]`);
      if (cell) cell.textContent = String(number);
    }
    if (one("#broken")) one("#broken").hidden = !broken;
  };

  const poll = async () => {
    // One at a time: a slow answer and the next one would show the same entries twice.
    if (!live || document.hidden || asking) return;
    asking = true;
    try {
      const address = new URL(journal.dataset.poll, location.href);
      address.searchParams.set("since", String(newest));
      address.searchParams.set("at", String(newestAt));
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(`${program} answers with status ${answer.status}; open the address that it printed last.`);
      const data = await answer.json();
      if (lost) line.textContent = `${program} answers again.`;
      lost = false;
      if (data.reset) { // it was reset, and numbers start again
        newest = 0;
        body.replaceChildren();
        count(Object.fromEntries(all("[data-count]:not([data-count=pinned])").map((cell) => [cell.dataset.count, 0])), 0);
        line.textContent = "The journal was reset.";
        setTimeout(poll);
        return;
      }
      newest = data.newest;
      newestAt = data.at;
      count(data.counted, data.broken);
      if (!data.rows.length) return;
      const empty = one("#no-rows");
      if (empty) empty.remove();
      body.prepend(...data.rows.map(make).reverse());
      while (body.children.length > ROWS) body.lastElementChild.remove();
      chosen();
      const last = data.rows.at(-1);
      line.textContent = `${data.rows.length === 1 ? "New" : `${data.rows.length} new, the last`}: entry ${last.number}, ${last.status} ${last.outcome}, ${last.who}${last.broken ? ", breaks the contract" : ""}.`;
    } catch (error) {
      // Where there is no answer at all, the browser's own error says less.
      if (!lost) line.textContent = error instanceof TypeError ? `${program} does not answer; trying on.` : error.message;
      lost = true;
    } finally {
      asking = false;
    }
  };

  button.hidden = false;
  button.addEventListener("click", () => {
    live = !live;
    button.setAttribute("aria-pressed", String(live));
    line.textContent = live ? "New entries are shown as they come." : "Held: new entries wait.";
    poll();
  });
  document.addEventListener("visibilitychange", poll);
  setInterval(poll, POLL_MS);
}
