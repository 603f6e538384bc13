"""Uvicorn: the servers of mock and watcher override how it starts, waits and ends; the protocol bounds what it reads."""

from tests.adapters.removal import complaints


def test_a_name_of_the_server_that_is_gone_is_named() -> None:
    """Without one, mock and watcher would not say that they are ready, not end, or end before all is written down."""
    said = complaints("engine_contract.http.server")
    assert "uvicorn:Server.main_loop" in said
    assert "uvicorn.server:ServerState.tasks" in said


def test_a_name_of_the_protocol_that_is_gone_is_named() -> None:
    """Without one, heads had no bound, writes were apart, and faults could not break a connection."""
    said = complaints("engine_contract.http.http_protocol", "(httptools_protocol(), h11_protocol())")
    assert "uvicorn.protocols.http.httptools_impl:HttpToolsProtocol.on_headers_complete" in said
    assert "uvicorn.protocols.http.h11_impl:H11Protocol.transport" in said
