"""The table of options: what its rows say, and what is made of them."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine_contract.click_options import OptionsCommand, command
from engine_contract.mock_options import MockOptions
from engine_contract.option_rows import option, rows
from engine_contract.options import CheckOptions, WatchOptions
from mock_server.settings import Settings, read_settings

TABLES = pytest.mark.parametrize("table", [CheckOptions, WatchOptions, MockOptions])


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A table with a row of each sort."""

    folders: tuple[Path, ...] = option(default=(), name="--folder", path="either", metavar="PATH", help="Folders.")
    wait: float = option(default=1.0, least=0, help="Seconds.", setting="A number from 0 on.")
    size: int = option(default=0, most=9, help="Size.", setting="A number to 9.")
    loud: bool = option(default=False, name="-l", help="Say more.", setting="true or false.")


def options_of(monkeypatch: pytest.MonkeyPatch, *arguments: str, **environment: str) -> Sample:
    """Return what a command gets for these arguments and variables."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    got: list[Sample] = []
    command(OptionsCommand, "a-sample", Sample)(got.append).main(list(arguments), standalone_mode=False)
    return got[0]


@TABLES
def test_row_says_what_help_and_a_person_need(table: type) -> None:
    """Each row has a sentence of help, a flag of its own, and a variable of its own."""
    table_rows = rows(table)
    assert all(row.help.endswith((".", "]")) for row in table_rows)
    flags = [row.flag for row in table_rows if not row.is_argument]
    of_pytest = [row.flag for row in table_rows if not row.command_only]
    assert len(set(flags)) == len(flags)
    assert len(set(of_pytest)) == len(of_pytest)
    variables = [name for row in table_rows for name in row.variables("x")]
    assert len(set(variables)) == len(variables)


@TABLES
def test_row_without_a_value_has_its_annotations_default(table: type) -> None:
    """A switch is off and a repeatable option is empty, so that an annotation never lies."""
    for row in rows(table):
        if row.is_switch or row.is_repeatable:
            assert row.default == (() if row.is_repeatable else False)


def test_command_without_arguments_hands_over_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """What click makes of nothing is what the table says."""
    assert options_of(monkeypatch) == Sample()


def test_command_hands_over_what_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """Values have the types of the annotations."""
    got = options_of(monkeypatch, "--folder", "a", "--folder", "b", "--wait", "0", "--size", "9", "-l")
    assert got == Sample(folders=(Path("a"), Path("b")), wait=0.0, size=9, loud=True)


def test_repeatable_option_from_the_environment_is_split_at_line_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever its type; blank lines are none, and the field's name serves as well as the flag's."""
    for variable in ("A_SAMPLE_FOLDER", "A_SAMPLE_FOLDERS"):
        assert options_of(monkeypatch, **{variable: "\na\n  b \n\n"}).folders == (Path("a"), Path("b"))
        monkeypatch.delenv(variable)


@pytest.mark.parametrize("arguments", [("--wait", "-1"), ("--size", "10"), ("--wait", "inf"), ("--nothing",)])
def test_command_with_a_wrong_option_says_so_in_one_line(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Wrong usage is one line on stderr and exit status 2."""
    with pytest.raises(SystemExit) as ended:
        command(OptionsCommand, "a-sample", Sample)(lambda _: None).main(list(arguments))
    out, err = capsys.readouterr()
    assert (ended.value.code, out, len(err.splitlines())) == (2, "", 1)
    assert err.startswith("a-sample: ")


def test_json_schema_has_type_and_bounds() -> None:
    """What a settings file may hold follows from the row."""
    schemas = [row.json_schema() for row in rows(Sample) if row.setting]
    assert schemas == [
        {"description": "A number from 0 on.", "type": "number", "minimum": 0},
        {"description": "A number to 9.", "type": "integer", "maximum": 9},
        {"description": "true or false.", "type": "boolean"},
    ]


def test_mock_settings_have_the_defaults_of_the_command() -> None:
    """`Settings()` in a test is what `mock-engine` without options serves."""
    assert read_settings(MockOptions()) == Settings()


def test_table_loads_neither_program_nor_click() -> None:
    """The pytest plugin reads the table in every run of pytest."""
    code = (
        "import sys, engine_contract.options\n"
        "print(sorted({'click', 'mock_server', 'contract_tests', 'jsonschema_rs'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert done.stdout == "[]\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps the folder that a process is in")
def test_command_in_a_removed_folder_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What fails there for want of a current folder is not a defect of the kit."""

    def look(_options: Sample) -> None:
        Path.cwd()

    monkeypatch.chdir(tmp_path)
    tmp_path.rmdir()
    with pytest.raises(SystemExit) as ended:
        command(OptionsCommand, "a-sample", Sample)(look).main([])
    assert ended.value.code == 2
    assert capsys.readouterr().err == "a-sample: the current folder was removed. Change to one that is there.\n"
