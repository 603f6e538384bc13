"""Standard output and standard error of the commands: closed, full, and read by CI systems."""

import errno
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO, StringIO
from pathlib import Path

import pytest

from engine_contract.standard_streams import Outlet
from engine_contract.text.printable import without_commands
from tests.support.commands import clean_environment, started
from tests.support.eventually import eventually

BIN = Path(sys.executable).parent
WHITE_SPACE = " \t\xa0\u2003\u3000\u2028\x85"


def github(line: str) -> bool:
    """Return whether GitHub's runner takes a line for a command: `ActionCommand.TryParseV2`, then `TryParse`."""
    if line.lstrip(WHITE_SPACE).startswith("::"):
        return "::" in line.lstrip(WHITE_SPACE)[2:]
    return "##[" in line and "]" in line


def azure(line: str) -> bool:
    """Return whether the agent of Azure takes a line for a command: `##vso[` anywhere, `##[` for its log's form."""
    return "##vso[" in line.lower() or "##[" in line


def teamcity(line: str) -> bool:
    """Return whether TeamCity reads a service message."""
    return "##teamcity[" in line


RUNNERS = (github, azure, teamcity)


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("::error::pwned", github),
        ("  \t ::add-mask::a", github),
        ("fine\n\t::set-output name=a::b", github),
        ("fine\n\n  ::set-output name=a::b", github),
        ("a ##[group]b", github),
        ("a ##[error]b", azure),
        ("2026 said ##vso[task.setvariable variable=a]b", azure),
        ("##VSO[task.complete result=Succeeded]", azure),
        ("x ##teamcity[buildStatus status='SUCCESS']", teamcity),
    ],
)
def test_text_of_an_engine_commands_no_runner(text: str, reads: Callable[[str], bool]) -> None:
    """The runners' own rules find a command in the text, and none in what is printed."""
    assert any(map(reads, text.split("\n")))
    for line in without_commands(text).split("\n"):
        assert not [runner.__name__ for runner in RUNNERS if runner(line)], line


@pytest.mark.parametrize("text", ["a::b", "std::string", "## heading", "#[a]", "Received    ::1", "a\nb ::"])
def test_text_that_commands_nothing_stays(text: str) -> None:
    """Only what a runner would obey is written out."""
    assert without_commands(text) == text


def test_command_written_in_parts_is_found_at_the_line_start() -> None:
    """Whether a part begins a line depends on what was written before."""
    file = StringIO()
    outlet = Outlet(file)
    for part in ("Received ", "::1\n", "  ", "::error::x", "\n"):
        outlet.write(part)
    assert file.getvalue() == "Received ::1\n  \\x3a:error::x\n"


class Closed(StringIO):
    """A stream whose reader is gone."""

    buffer = BytesIO()

    def write(self, _text: str) -> int:
        """Fail as a pipe does."""
        raise BrokenPipeError(errno.EPIPE, "gone")


def test_no_way_of_writing_passes_the_guard_by() -> None:
    """Lists of lines and bytes are written as text is: commands of runners written out, no error for a closed pipe."""
    file, gone = StringIO(), Outlet(Closed())
    outlet = Outlet(file)
    outlet.writelines(["a\n", "::error::x\n"])
    assert outlet.buffer.write(b"::error::y\n") == 11
    assert file.getvalue() == "a\n\\x3a:error::x\n\\x3a:error::y\n"
    gone.writelines(["a"])
    gone.buffer.write(b"b")
    gone.buffer.flush()
    assert gone.failure is None


@pytest.mark.parametrize("command", ["check-engine --mock --only route.path", "check-engine --list-rules"])
def test_command_whose_reader_stops_ends_as_it_would(tmp_path: Path, command: str) -> None:
    """`| head -1` changes no exit status and causes no traceback."""
    line = f"set -o pipefail; {BIN}/{command} | head -1"
    done = subprocess.run(
        ["bash", "-c", line], cwd=tmp_path, env=clean_environment(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 1)
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("command", ["check-engine --list-rules", "mock-engine --list-faults", "watch-engine --help"])
def test_full_disk_is_one_line_and_status_2(tmp_path: Path, command: str) -> None:
    """Output that is lost is told, and is never 1."""
    line = f"{BIN}/{command} >/dev/full"
    done = subprocess.run(["sh", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert re.fullmatch(r"[a-z-]+: standard output cannot be written: No space left on device\. .*\n", done.stderr)


@pytest.mark.skipif(os.name == "nt", reason="needs a shell that closes streams")
def test_stream_that_fails_keeps_no_second_handle() -> None:
    """What stands in for it takes its number, and no other: a service may live for months after its terminal."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stream:
        outlet, free = Outlet(stream), os.dup(0)
        os.close(free)
        outlet.write("a")
        outlet.flush()
        after = os.dup(0)
        os.close(after)
    assert (after, outlet.failure) == (free, None)


@pytest.mark.skipif(os.name == "nt", reason="needs a shell that closes streams")
def test_closed_standard_input_is_empty(tmp_path: Path) -> None:
    """Under cron and some runners there is none."""
    line = f"{BIN}/check-engine http://127.0.0.1:9 --token admin=env:USER --jobs - --plan <&-"
    done = subprocess.run(["sh", "-c", line], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "0 jobs would be canceled" in done.stdout


@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-", "| head -0"])
def test_mock_whose_output_is_closed_serves_on(tmp_path: Path, closed: str) -> None:
    """A server needs nobody who reads its first line."""
    marker = tmp_path / "pid"
    line = f"(echo $BASHPID >{marker}; exec {BIN}/mock-engine --port 0 {closed.replace('| head -0', '')})"
    line += " | head -0; wait" if "head" in closed else ""
    process = subprocess.Popen(["bash", "-c", line], stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        eventually(lambda: _listens(marker), within_s=20)
    finally:
        os.killpg(process.pid, 15)
        process.wait(20)


def _listens(marker: Path) -> bool:
    """Return whether the process whose id is in the file listens on a port."""
    import psutil

    try:
        connections = psutil.Process(int(marker.read_text())).net_connections("tcp")
    except (OSError, ValueError, psutil.Error):
        return False
    return any(connection.status == "LISTEN" for connection in connections)


def test_forced_colour_in_a_pipe_does_not_animate(tmp_path: Path) -> None:
    """FORCE_COLOR colours the report; the line of the progress is for terminals alone."""
    env = clean_environment() | {"FORCE_COLOR": "1", "CHECK_ENGINE_ONLY": "route.path"}
    words = [str(BIN / "check-engine"), "--mock"]
    done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b[" in done.stdout
    assert not re.search("\x1b\\[[0-9?]*[A-HJKhl]", done.stdout)  # colours end in m


def test_variable_of_a_kubernetes_service_is_ignored_with_a_line(tmp_path: Path) -> None:
    """A service named mock-engine does not keep the mock from its default port, but its own option counts."""
    env = clean_environment() | {"MOCK_ENGINE_PORT": "tcp://10.0.0.1:4010"}
    command = str(BIN / "mock-engine")
    with started(command, "--port=0", ready="Mock engine ready", cwd=tmp_path, env=env) as mock:
        mock.process.terminate()
        _, err = mock.process.communicate(timeout=20)
    assert err.startswith("mock-engine: MOCK_ENGINE_PORT=tcp://10.0.0.1:4010: is ignored.")


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare")
def test_user_without_a_home_on_a_disk_that_is_read_only_checks(tmp_path: Path) -> None:
    """A container's user has no entry and no home, and its disk may be read-only."""
    line = (
        f"mount -o remount,ro,bind / / && mount -t tmpfs -o ro tmpfs {tmp_path} && cd {tmp_path} && "
        f"exec unshare --user --map-user=12345 env -u HOME -u USER -u XDG_CACHE_HOME TMPDIR={tmp_path} "
        f"{BIN}/check-engine --mock -q"
    )
    words = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", line]
    if subprocess.run([*words[:-1], "true"], capture_output=True, check=False).returncode:
        pytest.skip("namespaces cannot be made here")
    done = subprocess.run(words, env=clean_environment(), capture_output=True, text=True, check=False)
    assert done.stdout.startswith("conforms: "), done.stderr
    assert (done.returncode, done.stderr) == (0, "")
