"""One installation of the engine, drawn from a seed: its servers, people, versions and habits, encoded in advance."""

from functools import cache, lru_cache
from hashlib import blake2b
from json import dumps

from mock_server.jobs.seeded_random import Draw
from mock_server.jobs.vocabulary import CREATORS, CUSTOMERS, GROUPS, ROLES_OF_DEVICES, SITES, THEMES

PEOPLE = 64
LISTS = 256  # lists of watchers and of groups
AFFIXES = 4096  # what names have beside their title
SERVERS = 4

_VENDORS = ("ac:de:48", "00:50:56", "02:42:ac", "0a:58:0a")  # first halves of a MAC; the first is the page's
_PORTS = (3000, 3000, 3443)  # field notes: default ports


def encode(text: str) -> bytes:
    """Encode a text as what stands between the quotes of a JSON string, in UTF-8."""
    quoted = dumps(text, ensure_ascii=False)
    try:
        return quoted[1:-1].encode()
    except UnicodeEncodeError:  # half a surrogate pair has no UTF-8
        return dumps(text)[1:-1].encode()


class Installation:
    """Tables to draw from by the bits of a job's hash; every table's length is a power of two."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.salt = f"job/{seed}/".encode()
        draw = Draw("installation", seed)
        self._machines = [draw.hexadecimal(10) for _ in range(3)]
        people = [self._object_id(draw) for _ in range(PEOPLE)]
        groups = [self._object_id(draw) for _ in range(4)]
        self.people = [person.encode() for person in people]
        self.servers = [_server(draw).encode() for _ in range(SERVERS)]
        self.creators = [encode(draw.pick(CREATORS) if draw.chance(0.6) else draw.pick(people)) for _ in range(PEOPLE)]
        self.watchers = [_array(_some(draw, people, (0, 0, 1, 1, 1, 2, 2, 3, 5))) for _ in range(LISTS)]
        self.groups = [_array(_some(draw, (*GROUPS, *groups), (0, 0, 0, 1, 1, 2))) for _ in range(LISTS)]
        # page: 12 and true; field notes: `locked` is absent in newer captures
        self.fonts = [b"12"] * 13 + [b"14", b"10", b"16"]
        self.locks = [b""] * 8 + [b',"locked":true'] * 3 + [b',"locked":false'] * 5
        self.titles = [[encode(theme.titles[i % len(theme.titles)]) for i in range(16)] for theme in THEMES]
        self.user_id = lru_cache(maxsize=1024)(self._user_id)
        self.version = cache(self._version)
        self.affix = cache(self._affix)  # one by one: all at once would be felt at the start

    def _affix(self, number: int) -> tuple[bytes, bytes]:
        """What stands before and after the title in a job's name; `number` from 0 to AFFIXES - 1."""
        before, after = _affix(Draw("affix", self.seed, number))
        return encode(before), encode(after)

    def _version(self, app: str) -> str:
        """The version of an application: one for the whole installation."""
        draw = Draw("version", self.seed, app)
        return f"{draw.between(1, 5)}.{draw.below(24)}.{draw.below(12)}"

    def task_groups(self, draw: Draw, *, manual: bool) -> bytes:
        """Draw the groups of a task, which mostly tasks for people have."""
        return draw.pick(self.groups) if draw.chance(0.7 if manual else 0.04) else b"[]"

    def _user_id(self, name: str) -> bytes:
        """The object id of the user with that name."""
        bits = blake2b(f"user/{self.seed}/{name}".encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
        return f"5{'abcdef'[int(bits[0], 16) % 6]}{bits[1:7]}{self._machines[0]}{bits[7:13]}".encode()

    def _object_id(self, draw: Draw) -> str:
        """Draw an object id: seconds (2017 to 2020, as the page's), machine and process, counter."""
        return f"{draw.between(0x59800000, 0x5EFFFFFF):08x}{draw.pick(self._machines)}{draw.hexadecimal(6)}"


@lru_cache(maxsize=16)
def installation(seed: int) -> Installation:
    """The installation of a seed."""
    return Installation(seed)


def _server(draw: Draw) -> str:
    """Draw a server's id, `mac:port` as on the page."""
    return f"{draw.pick(_VENDORS)}:{':'.join(draw.hexadecimal(2) for _ in range(3))}:{draw.pick(_PORTS)}"


def _some(draw: Draw, items: tuple[str, ...] | list[str], counts: tuple[int, ...]) -> list[str]:
    return [draw.pick(items) for _ in range(draw.pick(counts))]


def _array(items: list[str]) -> bytes:
    return b"[" + b",".join(b'"' + encode(item) + b'"' for item in items) + b"]"


def _affix(draw: Draw) -> tuple[str, str]:
    """Draw what stands before and after the title in a job's name: a site, a device, a ticket, a customer, a count."""
    site = draw.pick(SITES)
    device = f"{draw.pick(SITES[:10])}-{draw.pick(ROLES_OF_DEVICES)}{draw.between(1, 24):02}".lower()
    ticket = f"{draw.pick(('CHG00', 'CHG00', 'INC00', 'RITM00', 'REQ00'))}{draw.between(10_000, 99_999)}"
    return draw.pick(
        (
            ("", ""),
            ("", f" - {device}"),
            ("", f" {device} {ticket}"),
            ("", f" {ticket}"),
            (f"{ticket} ", ""),
            (f"{ticket} - ", f" - {site}"),
            (f"{site} ", ""),
            (f"{site} ", f" #{draw.between(2, 9_999)}"),
            (f"{device}: ", ""),
            ("", f" ({draw.pick(CUSTOMERS)})"),
            (f"{draw.pick(CUSTOMERS)} / ", f" / {site}"),
            ("", f" v{draw.between(1, 4)}.{draw.below(20)}"),
            (f"{draw.between(1_000, 9_999)}", f" Test{draw.between(1, 9)}"),  # page: "8917Test2"
            ("", f" {draw.between(1, 28):02}.{draw.between(1, 12):02}. {site}"),
            ("[TEST] ", f" {device}"),
            ("", f" (copy {draw.between(2, 12)})"),
        )
    )
