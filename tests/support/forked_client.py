"""A small process that stands for a command: it has the command run in a fork, on its own streams, and ends as that does.

    python -I -S forked_client.py SOCKET COMMAND [ARGUMENTS]

It passes signals on, and the run ends when it is killed.
"""

import json
import os
import signal
import socket
import sys

PASSED_ON = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)

path, *words = sys.argv[1:]
signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
with socket.socket(socket.AF_UNIX) as peer:
    peer.connect(path)
    asked = {"words": words, "cwd": os.getcwd(), "env": dict(os.environ)}  # noqa: PTH109 - starts sooner
    message = json.dumps(asked).encode()
    socket.send_fds(peer, [len(message).to_bytes(4)], [0, 1, 2])
    peer.sendall(message)
    for number in PASSED_ON:
        signal.signal(number, lambda given, _: peer.send(bytes([given])))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
    status = os.waitstatus_to_exitcode(int(peer.makefile().readline()))
sys.exit(status if status >= 0 else 128 - status)
