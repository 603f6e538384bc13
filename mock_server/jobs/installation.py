"""One installation of the engine, drawn from a seed: its servers, people, versions and habits, encoded in advance."""

from functools import cache, lru_cache
from hashlib import blake2b
from json import dumps

from mock_server.jobs.seeded_random import SeededRandom
from mock_server.jobs.vocabulary import CREATORS, CUSTOMERS, GROUPS, ROLES_OF_DEVICES, SITES, THEMES

PEOPLE = 64
LISTS = 256  # lists of watchers and of groups
AFFIXES = 4096  # the parts of names before and after the title
SERVERS = 4

_VENDORS = ("ac:de:48", "00:50:56", "02:42:ac", "0a:58:0a")  # first halves of a MAC; the first is the page's
_PORTS = (3000, 3000, 3443)  # http and https as vendor documents of 2019 to 2022 have them


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
        random = SeededRandom("installation", seed)
        self._machines = [random.hexadecimal(10) for _ in range(3)]
        people = [self._object_id(random) for _ in range(PEOPLE)]
        groups = [self._object_id(random) for _ in range(4)]
        self.people = [person.encode() for person in people]
        self.servers = [_server(random).encode() for _ in range(SERVERS)]
        self.creators = [
            encode(random.pick(CREATORS) if random.chance(0.6) else random.pick(people)) for _ in range(PEOPLE)
        ]
        self.watchers = [_array(_some(random, people, (0, 0, 1, 1, 1, 2, 2, 3, 5))) for _ in range(LISTS)]
        self.groups = [_array(_some(random, (*GROUPS, *groups), (0, 0, 0, 1, 1, 2))) for _ in range(LISTS)]
        self.titles = [[encode(theme.titles[i % len(theme.titles)]) for i in range(16)] for theme in THEMES]
        self.user_id = lru_cache(maxsize=1024)(self._user_id)
        self.version = cache(self._version)
        self.affix = cache(self._affix)  # one by one: all at once would be felt at the start

    def _affix(self, number: int) -> tuple[bytes, bytes]:
        """Return what stands before and after the title in a job's name; `number` from 0 to AFFIXES - 1."""
        before, after = _affix(SeededRandom("affix", self.seed, number))
        return encode(before), encode(after)

    def _version(self, app: str) -> str:
        """Return the version of an application: one for the whole installation."""
        random = SeededRandom("version", self.seed, app)
        return f"{random.between(1, 5)}.{random.below(24)}.{random.below(12)}"

    def task_groups(self, random: SeededRandom, *, manual: bool) -> bytes:
        """Draw the groups of a task, which mostly tasks for people have."""
        return random.pick(self.groups) if random.chance(0.7 if manual else 0.04) else b"[]"

    def _user_id(self, name: str) -> bytes:
        """Return the object id of the user with that name."""
        bits = blake2b(f"user/{self.seed}/{name}".encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
        return f"5{'abcdef'[int(bits[0], 16) % 6]}{bits[1:7]}{self._machines[0]}{bits[7:13]}".encode()

    def _object_id(self, random: SeededRandom) -> str:
        """Draw an object id: seconds (2017 to 2020, as the page's), machine and process, counter."""
        return f"{random.between(0x59800000, 0x5EFFFFFF):08x}{random.pick(self._machines)}{random.hexadecimal(6)}"


@lru_cache(maxsize=16)
def installation(seed: int) -> Installation:
    """Return the installation of a seed."""
    return Installation(seed)


def _server(random: SeededRandom) -> str:
    """Draw a server's id, `mac:port` as on the page."""
    return f"{random.pick(_VENDORS)}:{':'.join(random.hexadecimal(2) for _ in range(3))}:{random.pick(_PORTS)}"


def _some(random: SeededRandom, items: tuple[str, ...] | list[str], counts: tuple[int, ...]) -> list[str]:
    return [random.pick(items) for _ in range(random.pick(counts))]


def _array(items: list[str]) -> bytes:
    return b"[" + b",".join(b'"' + encode(item) + b'"' for item in items) + b"]"


def _affix(random: SeededRandom) -> tuple[str, str]:
    """Draw what stands before and after the title in a job's name: a site, a device, a ticket, a customer, a count."""
    site = random.pick(SITES)
    device = f"{random.pick(SITES[:10])}-{random.pick(ROLES_OF_DEVICES)}{random.between(1, 24):02}".lower()
    ticket = f"{random.pick(('CHG00', 'CHG00', 'INC00', 'RITM00', 'REQ00'))}{random.between(10_000, 99_999)}"
    return random.pick(
        (
            ("", ""),
            ("", f" - {device}"),
            ("", f" {device} {ticket}"),
            ("", f" {ticket}"),
            (f"{ticket} ", ""),
            (f"{ticket} - ", f" - {site}"),
            (f"{site} ", ""),
            (f"{site} ", f" #{random.between(2, 9_999)}"),
            (f"{device}: ", ""),
            ("", f" ({random.pick(CUSTOMERS)})"),
            (f"{random.pick(CUSTOMERS)} / ", f" / {site}"),
            ("", f" v{random.between(1, 4)}.{random.below(20)}"),
            (f"{random.between(1_000, 9_999)}", f" Test{random.between(1, 9)}"),  # page: "8917Test2"
            ("", f" {random.between(1, 28):02}.{random.between(1, 12):02}. {site}"),
            ("[TEST] ", f" {device}"),
            ("", f" (copy {random.between(2, 12)})"),
        )
    )
