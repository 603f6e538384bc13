"""A server's own origin in policies and texts: what is found, what is moved, and what only looks like it."""

import time
import zlib

import pytest

from engine_contract.http.content_encoding import Unpacker
from engine_contract.http.own_origin import Mover, OwnOrigin, is_text
from engine_contract.http.proxy_headers import Address

PLAIN = "https://engine.example"
PORT = "http://engine.example:3000/app"
OWN = "127.0.0.1:4011"

MOVED = [
    (PLAIN, "https://engine.example", "http://127.0.0.1:4011"),
    (PLAIN, 'fetch("https://engine.example/x")', 'fetch("http://127.0.0.1:4011/x")'),
    (PLAIN, "HTTPS://Engine.Example/x", "http://127.0.0.1:4011/x"),
    (PLAIN, "https://engine.example:443/x", "http://127.0.0.1:4011/x"),
    (PLAIN, "http://engine.example/x", "http://127.0.0.1:4011/x"),
    (PLAIN, "wss://engine.example/feed", "ws://127.0.0.1:4011/feed"),
    (PLAIN, '<base href="//engine.example/">', '<base href="//127.0.0.1:4011/">'),
    (PLAIN, "url(//engine.example/a.css)", "url(//127.0.0.1:4011/a.css)"),
    (PLAIN, r'"https:\/\/engine.example\/x"', r'"http:\/\/127.0.0.1:4011\/x"'),
    (PLAIN, r"https\u003a\u002F\u002fengine.example", r"http\u003a\u002F\u002f127.0.0.1:4011"),
    (PLAIN, "https:&#x2F;&#x2F;engine.example&#x2F;", "http:&#x2F;&#x2F;127.0.0.1:4011&#x2F;"),
    (PLAIN, "See https://engine.example.", "See http://127.0.0.1:4011."),
    (PORT, "http://engine.example:3000/app/x", "http://127.0.0.1:4011/x"),
    (PORT, "'http://engine.example:3000/app'", "'http://127.0.0.1:4011'"),
    (PORT, r"ws:\/\/engine.example:3000\/app\/x", r"ws:\/\/127.0.0.1:4011\/x"),
    ("http://[::1]:3000", "http://[::1]:3000/x", "http://127.0.0.1:4011/x"),
]
NAMED = [
    (PORT, "http://engine.example:3000/other"),
    (PORT, "http://engine.example:3000/apple"),
    (PORT, "//engine.example:3000"),
]
OTHERS = [
    *((PLAIN, text) for text in ("https://engine.example.evil.example/", "https://engine.example:8443/", "https://engine.example-2/")),
    *((PLAIN, text) for text in ("https://engine.example@evil.example/", "https://my.engine.example/", "engine.example")),
    *((PLAIN, text) for text in ("https://evil.example//engine.example/", "https://engineXexample/", "https:// engine.example")),
    *((PORT, text) for text in ("http://engine.example/app", "http://engine.example:30001/app", "http://engine.example:3000x/app")),
]  # fmt: skip


@pytest.mark.parametrize(("base", "text", "expected"), MOVED)
def test_own_origin_is_found_and_moved_in_every_spelling(base: str, text: str, expected: str) -> None:
    """As pages, scripts, styles and JSON write it, of any scheme that leads there; what follows stays."""
    origin = OwnOrigin(Address.of(base))
    assert origin.is_in(text.encode())
    assert origin.moved(text.encode(), OWN.encode()).decode() == expected


@pytest.mark.parametrize(("base", "text"), [*NAMED, *OTHERS])
def test_other_addresses_stay(base: str, text: str) -> None:
    """What only begins or ends like it is another host; what is outside of the base's path is found, and cannot be moved."""
    origin = OwnOrigin(Address.of(base))
    assert origin.is_in(text.encode()) is ((base, text) in NAMED)
    assert origin.moved(text.encode(), OWN.encode()).decode() == text


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
@pytest.mark.parametrize("base", [PLAIN, PORT])
def test_body_in_parts_is_moved_as_a_whole_one(base: str, size: int) -> None:
    """Wherever it is split, the parts together are what the whole would be, and nothing is held back after a line."""
    texts = [text for its, text, _ in MOVED if its == base] + [text for its, text in (*NAMED, *OTHERS) if its == base]
    for joint in (" ", "/", "x" * 300, ".", ""):
        whole = joint.join(texts).encode()
        origin = OwnOrigin(Address.of(base))
        mover = Mover(origin, OWN.encode())
        parts = [mover.add(whole[at : at + size]) for at in range(0, len(whole), size)]
        assert b"".join(parts) + mover.add(b"", is_last=True) == origin.moved(whole, OWN.encode())
    assert Mover(origin, OWN.encode()).add(b"data: 1\n\n") == b"data: 1\n\n"


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("default-src https://engine.example", "default-src http://127.0.0.1:4011"),
        ("script-src 'self' engine.example 'nonce-x'", "script-src 'self' http://127.0.0.1:4011 'nonce-x'"),
        ("connect-src wss://engine.example:443/feed", "connect-src ws://127.0.0.1:4011/feed"),
        ("base-uri https://engine.example; report-uri https://engine.example/csp?a=1",
         "base-uri http://127.0.0.1:4011; report-uri http://127.0.0.1:4011/csp?a=1"),
        ("img-src a.example, img-src HTTPS://ENGINE.example", "img-src a.example, img-src http://127.0.0.1:4011"),
        ("default-src https: data:", "default-src https: http://127.0.0.1:4011 data:"),
        ("connect-src wss:", "connect-src wss: ws://127.0.0.1:4011"),
        ("img-src *.example engine.example:*", "img-src *.example http://127.0.0.1:4011 engine.example:* http://127.0.0.1:4011"),
        ("img-src *.other.example engine.example:8443", "img-src *.other.example engine.example:8443"),
        ("upgrade-insecure-requests; img-src *; block-all-mixed-content", "; img-src *; "),
        ("script-src 'sha256-AAAA/engine.example='", "script-src 'sha256-AAAA/engine.example='"),
        ("default-src https://[ https://engine.example:x", "default-src https://[ https://engine.example:x"),
    ],
)  # fmt: skip
def test_policy_allows_at_the_proxy_what_it_allowed_at_the_server(policy: str, expected: str) -> None:
    """Its own origin is moved; a pattern that holds it gets the proxy's beside it; TLS is not demanded of a proxy without."""
    headers = [(b"content-security-policy", policy.encode()), (b"x", policy.encode())]
    moved = OwnOrigin(Address.of(PLAIN)).moved_headers(headers, OWN.encode())
    assert [value.decode() for _, value in moved] == [expected, policy]


def test_links_of_headers_are_moved_and_no_odd_host_is_written() -> None:
    """`Link`, `Refresh` and addresses for reports lead to the proxy; a `Host` that is not one is written nowhere."""
    headers = [
        (b"link", b"<https://engine.example/a.css>; rel=preload"),
        (b"refresh", b"0;url=https://engine.example/"),
        (b"reporting-endpoints", b'all="https://engine.example/csp"'),
    ]
    origin = OwnOrigin(Address.of(PLAIN))
    assert [value for _, value in origin.moved_headers(headers, OWN.encode())] == [
        b"<http://127.0.0.1:4011/a.css>; rel=preload",
        b"0;url=http://127.0.0.1:4011/",
        b'all="http://127.0.0.1:4011/csp"',
    ]
    for host in (b"", b'"><script>', b"a b"):
        assert origin.moved_headers(headers, host) == headers
        assert origin.mover(host) is None


@pytest.mark.parametrize(
    ("media", "expected"),
    [
        *((media, True) for media in ("text/html", "text/css", "text/javascript", "application/json", "application/hal+json")),
        *((media, True) for media in ("application/javascript", "image/svg+xml", "application/xhtml+xml", "text/event-stream")),
        *((media, False) for media in ("image/png", "application/octet-stream", "font/woff2", "", "application/wasm")),
    ],
)  # fmt: skip
def test_text_is_what_browsers_read_addresses_in(media: str, expected: bool) -> None:  # noqa: FBT001 - parametrized
    """Pages, styles, scripts, JSON and XML."""
    assert is_text(media) is expected


@pytest.mark.parametrize("unit", ["\\", "/", "https:", "//engine.example", "//engine.exampl", ":", "&#x2f;", "a"])
def test_time_grows_with_the_length_alone(unit: str) -> None:
    """The worst texts take no more than six times as long when they are four times as long; policies too."""
    origin = OwnOrigin(Address.of(PORT))

    def cost(size: int) -> float:
        text = (unit * (size // len(unit) + 1)).encode() + b" engine.example"
        started = time.process_time()
        origin.is_in(text)
        mover = Mover(origin, OWN.encode())
        for at in range(0, len(text), 10_000):
            mover.add(text[at : at + 10_000])
        origin.moved_policy(text.decode(), OWN)
        return time.process_time() - started

    assert cost(400_000) < 6 * cost(100_000) + 0.1


def _packed(text: bytes, wbits: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    return packer.compress(text) + packer.flush()


@pytest.mark.parametrize("size", [1, 5, 1 << 20])
@pytest.mark.parametrize(
    ("name", "packed"),
    [
        ("identity", b"hello " * 20_000),
        ("gzip", _packed(b"hello " * 20_000, 31)),
        ("gzip", _packed(b"hello " * 10_000, 31) * 2),
        ("deflate", _packed(b"hello " * 20_000, 15)),
        ("deflate", _packed(b"hello " * 20_000, -15)),
    ],
)
def test_unpacker_undoes_an_encoding_in_parts(name: str, packed: bytes, size: int) -> None:
    """Wherever it is split, with more than one member of gzip, and with both kinds of deflate."""
    unpacker = Unpacker(name)
    size = max(size, 1000) if name == "identity" else size
    parts = [part for at in range(0, len(packed), size) for part in unpacker.add(packed[at : at + size])]
    assert b"".join(parts) == b"hello " * 20_000
    assert max(map(len, parts)) <= max(64 * 1024, len(packed))


@pytest.mark.parametrize("wbits", [31, 15, -15])
def test_unpacker_gives_the_last_byte(wbits: int) -> None:
    """Where a body's end stands at the limit of a part, nothing of it stays inside, also of one without its end."""
    for size in range(64 * 1024 - 300, 64 * 1024 + 300, 7):
        unpacker = Unpacker("gzip" if wbits == 31 else "deflate")
        packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
        packed = packer.compress(b"a" * size) + packer.flush(zlib.Z_SYNC_FLUSH)
        assert sum(map(len, unpacker.add(packed))) == size


def test_unpacker_says_what_is_broken() -> None:
    """Bytes that are not of the encoding are named."""
    with pytest.raises(ValueError, match="content encoding gzip is broken"):
        list(Unpacker("gzip").add(b"plain text"))
