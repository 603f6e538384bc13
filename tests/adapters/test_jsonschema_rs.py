"""jsonschema-rs, whose versions before 1.0 promise nothing: its errors say what is wrong with a document, and where."""

from tests.adapters.removal import complaints


def test_a_name_of_its_errors_that_is_gone_is_named() -> None:
    """Without one, flaws of documents and mistakes in settings could not be told from others."""
    assert "jsonschema_rs:ValidationError.kind" in complaints("contract_tests.judge.document")
    assert "jsonschema_rs:ValidationError.instance_path" in complaints("mock_server.operations.body")
    said = complaints("contract_tests.config.settings_file", "_complaint_on({'unknown': 1}, '')")
    assert "jsonschema_rs:ValidationError.schema_path" in said
