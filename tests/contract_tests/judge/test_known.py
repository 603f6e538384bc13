"""Known deviations: an entry knows what was received and nothing else, and is lost only where it is seen to be gone."""

import copy
import datetime as dt
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from contract_tests.errors import SettingError
from contract_tests.judge import known_lists
from contract_tests.judge.answers import judge_success
from contract_tests.judge.known import MAX_FINDINGS, Known, apply_known, expiring, new_entries, still_known
from contract_tests.judge.known_file import known_toml, read_known
from contract_tests.judge.received import kind, pattern, shape
from contract_tests.judge.verdict import Criteria, rule_results
from contract_tests.model import Caller, Exchange, Request, Response, RuleResult, Unchecked
from engine_contract import contract
from engine_contract.contract import load_rules

TODAY = dt.date(2026, 5, 1)
PAGE = contract.load_contract().response_examples["page"]
ABSENT = object()
MISSING = "the field is missing"


def _document(*changes: tuple[str, Any]) -> Any:
    """Return the page's example with values put, or taken away, at dotted places."""
    document = copy.deepcopy(PAGE)
    for place, value in changes:
        *parents, last = place.split(".")
        node = document
        for key in parents:
            node = node.setdefault(key, {}) if isinstance(node, dict) else node[int(key)]
        if value is ABSENT:
            del node[last]
        else:
            node[last] = value
    return document


def _results(*documents: Any) -> tuple[RuleResult, ...]:
    """Return the results of a run in which these documents were answered."""
    judgements = []
    for document in documents:
        response = Response(200, (("content-type", "application/json"),), json.dumps(document).encode())
        exchange = Exchange(Request("POST", "/", Caller("admin", "token")), "a valid request", response)
        judgements += judge_success(contract.load_contract(), exchange, document["_id"])
    every = {rule.id: Unchecked("the run is of documents alone") for rule in contract.load_rules()}
    judged = {judgement.rule for judgement in judgements}
    unchecked: Any = {rule_id: why for rule_id, why in every.items() if rule_id not in judged}
    return rule_results(contract.load_rules(), judgements, unchecked, Criteria())


def _written(results: Sequence[RuleResult], kept: Sequence[Known] = ()) -> list[Known]:
    return list(new_entries(results, kept, str, today=TODAY))


def _outcomes(known: Sequence[Known], *documents: Any) -> dict[str, str]:
    results, _ = apply_known(_results(*documents), known, today=TODAY)
    return {result.rule.id: result.outcome for result in results if result.outcome not in {"held", "unchecked"}}


@pytest.mark.parametrize(
    ("place", "value", "others"),
    [
        ("status", "cancelled", ["running", "CANCELED", 5, None, ABSENT]),
        ("watchers", ABSENT, [7, None, {}, "admin"]),
        ("font_size", "12", [None, [], ABSENT]),
        ("locked", 1, [0, "true", None, []]),
        ("created", "2018-07-26 19:37:05", ["yesterday", 1532633825000, ABSENT]),
        ("metrics.start_time", "2019-04-16T15:55:49.763Z", ["soon", 5.5, ABSENT]),
        ("tasks.workflow_start.metrics", None, ["none", []]),
        ("watchers", ["5cb7b531d06cceb89fd21b1c", 7], [["5cb7b531d06cceb89fd21b1c", None], 7]),
    ],
)
def test_an_entry_holds_the_value_that_was_received(place: str, value: Any, others: list[Any]) -> None:
    """What was written for one value passes with that value again, and fails with any other that breaks the rule."""
    known = _written(_results(_document((place, value))))
    assert set(_outcomes(known, _document((place, value))).values()) == {"known"}
    for other in others:
        assert "broken" in _outcomes(known, _document((place, other))).values(), other


@pytest.mark.parametrize(
    ("place", "value", "later"),
    [
        ("metrics.start_time", "2019-04-16T15:55:49.763Z", "2026-01-01T00:00:00.000Z"),
        ("created", 1532633825000, 1732633825999),
        ("_id", ["4430ceadbd694aa79994ad47"], ["5430ceadbd694aa79994ad47", "x"]),
        ("created", "2018-07-26 19:37:05", "2026-01-02 03:04:05"),
        ("name", {"en": "a"}, {"en": "b"}),
    ],
)
def test_what_differs_from_run_to_run_is_not_compared(place: str, value: Any, later: Any) -> None:
    """Ids, times and the lengths of arrays may be others in the next run."""
    known = _written(_results(_document((place, value))))
    assert set(_outcomes(known, _document((place, later))).values()) == {"known"}


def test_up_to_five_values_are_written_and_of_more_their_types() -> None:
    """Five different values stand in one entry; six become their types, and another type is still found."""
    names = ["paused", "running", "complete", "error", "cancelled", "CANCELED"]
    (five,) = _written(_results(*(_document(("status", name)) for name in names[:5])))
    assert five.received == tuple(f'"{name}" (a string)' for name in names[:5])
    assert "broken" in _outcomes([five], _document(("status", "CANCELED"))).values()

    (six,) = _written(_results(*(_document(("status", name)) for name in names), _document(("status", None))))
    assert six.received == ("a string", "null")
    assert set(_outcomes([six], _document(("status", "anything"))).values()) == {"known"}
    assert "broken" in _outcomes([six], _document(("status", 5))).values()


def test_every_place_of_a_document_counts() -> None:
    """A known break at one task hides no other at the next task, also where a finding names the first alone."""
    dates = _document(*((f"tasks.{key}.metrics.start_time", "2019-04-16T15:55:49.763Z") for key in PAGE["tasks"]))
    known = _written(_results(dates))
    assert set(_outcomes(known, dates).values()) == {"known"}
    mixed = copy.deepcopy(dates)
    mixed["tasks"]["workflow_end"]["metrics"]["start_time"] = True
    results, _ = apply_known(_results(mixed), known, today=TODAY)
    (broken,) = (result for result in results if result.outcome == "broken")
    assert broken.findings[0].pointer == "/tasks/workflow_end/metrics/start_time"
    assert broken.findings[0].received == "true (a boolean)"
    assert still_known(known, results, whole=True) == known


def test_every_document_of_a_run_counts() -> None:
    """A new break behind more known ones than a report shows is found, and is written."""
    many = [_document(("status", "cancelled"))] * (MAX_FINDINGS + 5)
    known = _written(_results(*many))
    results = _results(*many, _document(("status", "running")))
    marked, _ = apply_known(results, known, today=TODAY)
    assert "broken" in {result.outcome for result in marked}
    (both,) = _written(apply_known(results, (), today=TODAY)[0])
    assert both.received == ('"cancelled" (a string)', '"running" (a string)')


def test_a_break_that_is_new_does_not_lose_the_known_one_of_its_rule() -> None:
    """Where a rule has a known and a new break, the known entry stays with its reason."""
    known = [Known("response.status", "since June", "/status", ('"cancelled" (a string)',))]
    results, complaints = apply_known(
        _results(_document(("status", "cancelled")), _document(("status", "running"))), known, today=TODAY
    )
    assert complaints == []
    assert still_known(known, results, whole=True) == known
    assert [entry.received for entry in _written(results, known)] == [('"running" (a string)',)]


def test_only_a_whole_run_drops_entries() -> None:
    """An entry that did not occur goes where a whole run checked its rule, and stays otherwise."""
    gone = Known("response.status", "since June", "/status", ('"cancelled" (a string)',))
    elsewhere = Known("roles.admin", "since May")
    results = _results(PAGE)
    assert still_known([gone, elsewhere], results, whole=True) == [elsewhere]  # roles were not checked
    assert still_known([gone, elsewhere], results, whole=False) == [gone, elsewhere]


def test_an_entry_that_does_not_occur_fails_a_run_that_saw_all() -> None:
    """The sentence is said where the run reached its end, and not of one that was cut short."""
    known = [Known("response.status", "since June", "/status")]
    decided = [RuleResult(result.rule, "held") for result in _results(PAGE)]
    assert "no longer occurs" in apply_known(decided, known, today=TODAY)[1][0]
    assert apply_known(decided, known, today=TODAY, whole=False)[1] == []
    assert apply_known([*decided[:-1], RuleResult(decided[-1].rule, "unchecked")], known, today=TODAY)[1] == []


def test_an_entry_without_received_stands_for_all() -> None:
    """An older file with pointers alone keeps its meaning."""
    known = [Known("response.status", "any", "/status")]
    assert _outcomes(known, _document(("status", "running"))) == {"response.status": "known"}


def test_what_was_written_reads_back(tmp_path: Path) -> None:
    """Each value comes back as it was, and the file holds nothing that cannot be seen or turns the writing."""
    odd = 'a"\\ \x00\x07\x1b\x7f\x85\u061c\u200b\u2028\u202e\u2066\U000e0041 é 😀 \ud800'
    entries = [
        Known(
            "response.status",
            odd,
            "/status",
            ('"x\u202ey" (a string)', "null"),
            dt.date(2027, 1, 31),
            intermittent=True,
        ),
        Known("roles.admin", "known"),
    ]
    file = tmp_path / "known.toml"
    file.write_text(known_toml(entries), encoding="utf-8")
    text = file.read_text(encoding="utf-8")
    assert all(char == "\n" or char.isprintable() for char in text)
    first, second = read_known(file, load_rules())
    assert first.reason == odd.encode("utf-8", "replace").decode()
    assert (first.received, first.expires, first.intermittent) == (entries[0].received, entries[0].expires, True)
    assert second == entries[1]


@pytest.mark.parametrize("received", ["5", "[5]", '[""]', "{ a = 1 }"])
def test_a_wrong_received_is_told(tmp_path: Path, received: str) -> None:
    """`received` is a text or an array of texts."""
    file = tmp_path / "known.toml"
    file.write_text(f'[[known]]\nrule = "roles.admin"\nreason = "x"\nreceived = {received}\n')
    with pytest.raises(SettingError, match=r"received is .* it must be a text, or an array of texts"):
        read_known(file, load_rules())


def test_an_entry_that_expires_soon_is_told() -> None:
    """A fortnight before its end a sentence says so; an expired entry fails the run instead."""
    days = {day: Known("roles.admin", "x", expires=TODAY + dt.timedelta(days=day)) for day in (-1, 0, 14, 15)}
    assert {day for day, entry in days.items() if expiring([entry], today=TODAY)} == {0, 14}


SHIPPED = [entry for name in known_lists.names() for entry in read_known(Path(name), load_rules())]


@pytest.mark.parametrize("entry", SHIPPED, ids=lambda entry: entry.rule)
def test_an_entry_that_ships_knows_one_thing_and_fails_nothing(entry: Known) -> None:
    """Each is intermittent, has a reason and a value or type, and stands at the place of its rule."""
    rule = contract.rule(entry.rule)
    assert entry.intermittent
    assert entry.received
    assert entry.pointer is not None
    assert pattern(entry.pointer) == rule.field


def test_the_later_editions_are_known_and_no_other_type() -> None:
    """A task's start_time may be a date; a text that is not one, a boolean and a null still break the rule."""
    known = read_known(Path("later-editions"), load_rules())
    place = "tasks.workflow_start.metrics.start_time"
    assert _outcomes(known, _document((place, "2021-04-16T15:55:49.763Z"))) == {
        "response.tasks.metrics.start_time": "known"
    }
    others: tuple[Any, ...] = ("soon", "2021-04-16", True, None, [])
    for value in others:
        assert "broken" in _outcomes(known, _document((place, value))).values(), value
    assert "broken" in _outcomes(known, _document(("metrics.start_time", "2021-04-16T15:55:49.763Z"))).values()


@pytest.mark.parametrize(
    ("received", "its_kind", "its_shape"),
    [
        ("null", "null", "null"),
        ("nothing: the field is missing, and so at 3 more places", MISSING, MISSING),
        ("true (a boolean)", "a boolean", "true (a boolean)"),
        ("12 (a number)", "a number", "12 (a number)"),
        ("1555430149763.5 (a number)", "a number", "# (a number)"),
        ('"cancelled" (a string)', "a string", '"cancelled" (a string)'),
        ('"2019-04-16T15:55:49Z" (a string)', "a string", "a date-time (a string)"),
        ("an array of 3", "an array", "an array"),
        ("an empty object", "an object", "an empty object"),
        ("status 500 to a valid request", None, "status 500 to a valid request"),
        ("only 1200 bytes of 4431 bytes", None, "only # bytes of # bytes"),
    ],
)
def test_kind_and_shape(received: str, its_kind: str | None, its_shape: str) -> None:
    """A value has a type; ids, times and counts are masked, a status is not."""
    assert kind(received) == its_kind
    assert shape(received) == its_shape


@pytest.mark.parametrize(
    ("content", "held"), [('[known]\nrule = "x"', "[known]"), ('known = "x"', "known"), ("[[knwon]]", "knwon")]
)
def test_file_without_known_tables_is_refused_with_what_it_holds(tmp_path: Path, content: str, held: str) -> None:
    """One bracket in place of two is told as such."""
    path = tmp_path / "known.toml"
    path.write_text(content)
    message = f"the file may hold [[known]] tables only, it has {held}. Write [[known]] before each entry."
    with pytest.raises(SettingError, match=re.escape(message)):
        read_known(path, load_rules())
