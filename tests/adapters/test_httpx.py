"""httpx: that a server closed without an answer is known by the text of its error alone."""

import socket
from threading import Thread

import httpx
import pytest

from contract_tests.model import Fault
from contract_tests.transport.transport import fault_of


@pytest.mark.parametrize(("answer", "fault"), [(b"", Fault.DROPPED), (b"no HTTP\r\n\r\n", Fault.PROTOCOL)])
def test_a_connection_closed_without_an_answer_is_dropped(answer: bytes, fault: Fault) -> None:
    """Where httpx words that otherwise, a connection that the network lost would count as the engine's mistake."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(answer)

        thread = Thread(target=serve)
        thread.start()
        with pytest.raises(httpx.HTTPError) as raised:
            httpx.get(f"http://127.0.0.1:{server.getsockname()[1]}/", trust_env=False)
        thread.join()
    assert fault_of(raised.value) == fault
