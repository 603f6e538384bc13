"""`--log`: a line a request on stderr, for those who watch the mock while they click through their own pages."""

import sys

from engine_contract.text.printable import visible
from mock_server.settings import Settings
from mock_server.store.journal import Entry
from mock_server.store.masker import Masker

_LONGEST = 200


class RequestLog:
    """Writes method, path, role, status, reason and milliseconds; nothing without `--log`."""

    def __init__(self, settings: Settings) -> None:
        self.is_on = settings.log
        self._masker = Masker(settings)

    def write(self, entry: Entry) -> None:
        """Write the line of an exchange, secrets masked."""
        # Bodies are not shown; the request's own secrets are still looked for in what is.
        shown = self._masker.mask(entry._replace(answer_body=b"", answer_headers=[]))
        parts = [shown.method, shown.path[:_LONGEST], shown.role or "-", str(shown.status)]
        if shown.fault:
            parts.append(f"[{shown.fault}]")
        if shown.reason:
            parts.append(shown.reason[:_LONGEST])
        parts.append(f"{entry.duration_ms:.1f} ms")
        if shown.session:
            parts.append(f"(session {shown.session})")
        line = visible(" ".join(parts)).replace("\n", " ")
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
