"""From a document's blocks to one shell script: servers in the background, addresses of this run in place of its own."""

import re
from collections.abc import Iterable, Mapping

from tests.docs.document import Block

SERVERS = re.compile(r"(?P<name>mock-engine|watch-engine|python3? -m tests\.\w+)(?P<arguments>(?: .*)?)")
NO_SERVER = re.compile(r"--(list-faults|list-profiles|help|version)\b")
ENGINE = re.compile(r"https://engine\.example(:\d+)?")

# `serve` starts a server, in place of an earlier one of that name, and waits for its first line.
HEAD = """
set -eo pipefail
at() { printf '%s' "$1" > "$STATE/line"; }
serve() {
  name=$(printf '%s' "$1$2$3" | tr -cd 'a-z')
  case $1 in mock-engine|watch-engine) name=$1 ;; esac
  if [ -f "$STATE/$name.pid" ]; then kill "$(cat "$STATE/$name.pid")" 2>/dev/null || true; wait "$(cat "$STATE/$name.pid")" || true; fi
  : > "$STATE/$name.out"  # the first line of an earlier one is not this one's
  "$@" >> "$STATE/$name.out" 2> "$STATE/$name.err" &
  echo $! > "$STATE/$name.pid"
  for _ in $(seq 300); do
    if [ -s "$STATE/$name.out" ]; then return 0; fi
    if ! kill -0 $! 2>/dev/null; then cat "$STATE/$name.err" >&2; return 1; fi
    sleep 0.05
  done
  echo "$1 did not become ready" >&2
  return 1
}
ended() {
  for file in "$STATE"/*.pid; do
    if [ -f "$file" ]; then
      kill "$(cat "$file")" 2>/dev/null || true
      wait "$(cat "$file")" || true
      rm "$file"
    fi
  done
}
trap ended EXIT
"""


def script_of(blocks: Iterable[Block], *, engine: str, ports: Mapping[str, int], jobs: str) -> str:
    """The script. `ports` maps ports that the document names to free ones; `jobs` is a command that makes jobs.txt."""
    parts = [HEAD]
    for block in blocks:
        if not block.is_shell or block.not_run is not None or block.file is not None:
            continue
        text = ENGINE.sub(engine, block.text)
        for port, free in ports.items():
            text = re.sub(rf"\b{port}\b", str(free), text)
        commands = "\n".join(_command(line) for line in _commands(text))
        parts.append(f"at {block.line}")
        if block.servers_ended:
            parts.append("ended")
        if "jobs.txt" in block.text:
            parts.append(jobs)
        parts.append(commands if block.status == 0 else _with_status(commands, block.status))
    return "\n".join(parts)


def _with_status(commands: str, status: int) -> str:
    """Commands of which the last must end with this status."""
    return f'set +e\n{commands}\nended_with=$?\nset -e\n[ "$ended_with" = {status} ] || {{ echo "status $ended_with" >&2; exit 1; }}'


def _commands(text: str) -> Iterable[str]:
    """The lines, with those that go on after a backslash joined and prompts taken away."""
    for line in text.replace("\\\n", " ").splitlines():
        yield line.removeprefix("$ ")


def _command(line: str) -> str:
    """A line, as it is or in the background if it starts a server."""
    words = re.sub(r"\s+#.*$", "", line).rstrip()
    match = SERVERS.fullmatch(words.removesuffix("&").rstrip())
    return f"serve {match[0]}" if match and not NO_SERVER.search(words) else line
