"""A small process that stands for a command: it has the command run in a fork, on its own streams, and ends as that does.

    python -I -S forked_client.py SOCKET COMMAND [ARGUMENTS]

It passes signals on, and the run ends when it is killed.
"""

import json
import os
import signal
import socket
import sys

path, *words = sys.argv[1:]
with socket.socket(socket.AF_UNIX) as peer:
    peer.connect(path)
    socket.send_fds(peer, [b"\0"], [0, 1, 2])
    message = json.dumps({"words": words, "cwd": os.getcwd(), "env": dict(os.environ)})  # noqa: PTH109 - starts sooner
    peer.sendall(f"{message}\n".encode())
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda given, _: peer.sendall(bytes([given])))
    status = os.waitstatus_to_exitcode(int(peer.makefile().readline()))
sys.exit(status if status >= 0 else 128 - status)
