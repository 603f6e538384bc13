"""Uvicorn: the servers of mock and watcher override how it starts, waits and ends; the protocol bounds what it reads."""

from tests.adapters.removal import complaints


def test_a_name_of_the_server_that_is_gone_is_named() -> None:
    """Without one, the mock would not say that it is ready, wait a tenth of a second longer, or not end."""
    assert "uvicorn:Server.main_loop" in complaints("mock_server.serving.server")


def test_a_name_of_the_protocol_that_is_gone_is_named() -> None:
    """Without one, heads had no bound, writes were apart, and faults could not break a connection."""
    said = complaints("mock_server.serving.http_protocol", "(_httptools(), _h11())")
    assert "uvicorn.protocols.http.httptools_impl:HttpToolsProtocol.on_headers_complete" in said
    assert "uvicorn.protocols.http.h11_impl:RequestResponseCycle.transport" in said


def test_a_name_of_the_watchers_server_that_is_gone_is_named() -> None:
    """Without one, the watcher would end before its recording is written."""
    assert "uvicorn.server:ServerState.tasks" in complaints("contract_tests.watch.server")
