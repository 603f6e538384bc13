"""Requests that hold a secret in every form, and the spellings in which a server may give it back."""

import gzip
import json
import re
from base64 import b64encode, urlsafe_b64encode
from typing import Any
from urllib.parse import quote, quote_plus

SECRET = "Zq7/hunter+2&é"


def requests(secret: str = SECRET) -> list[dict[str, Any]]:
    """Return the arguments of httpx for requests that each hold the secret under another name, in another form."""
    encoded = quote(secret, safe="")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    xml = secret.replace("&", "&amp;")
    as_header = quote(secret)
    part = f'--b\r\nContent-Disposition: form-data; name="passwd"\r\n\r\n{secret}\r\n--b--\r\n'
    return [
        {"json": {"userPassword": secret}},
        {"json": {"a": [{"refreshToken": [secret, {"x": secret}]}]}},
        {"json": {"a": json.dumps({"b": json.dumps({"client_secret": secret})})}},
        {"content": f"user%5Bpassword%5D={encoded}&x=1", "headers": form},
        {
            "content": f"<a><w:Pwd>{xml}</w:Pwd><b apiKey='{xml}'/></a>".encode(),
            "headers": {"Content-Type": "text/xml"},
        },
        {"content": part.encode(), "headers": {"Content-Type": "multipart/form-data; boundary=b"}},
        {"params": {"code": secret}, "content": b"x"},
        {"headers": {"Authorization": f"Bearer {as_header}"}, "content": b"x"},
        {"headers": {"Ocp-Apim-Subscription-Key": as_header}, "content": b"x"},
        {"headers": {"X-Forwarded-Client-Cert": as_header, "DPoP": as_header}, "content": b"x"},
        {"json": {"headers": {"Authorization": f"Bearer {secret}"}, "form": [{"name": "password", "value": secret}]}},
        {"content": gzip.compress(json.dumps({"password": secret}).encode()), "headers": {"Content-Encoding": "gzip"}},
        {"content": json.dumps({"password": secret}, ensure_ascii=False).encode("utf-16")},
        {"json": {"clone": f"https://me:{encoded}@git.example/x"}},
        {"headers": {"Cookie": f"authState=canceled; connect.sid={encoded}"}, "content": b"x"},
    ]


def spelled(secret: str = SECRET) -> list[str]:
    """Return how a server may write the secret."""
    data = secret.encode()
    coded = [b64encode(data).decode(), urlsafe_b64encode(data).decode()]
    once = quote(secret, safe="")
    small = re.sub("%..", lambda match: match[0].lower(), once)
    return [
        *(secret, json.dumps(secret)[1:-1], once, small, quote(secret), quote_plus(secret), quote(once)),
        *(secret.upper(), secret.swapcase(), "".join(f"%{byte:02X}" for byte in data), quote(quote(once))),
        *("".join(f"&#{ord(c)};" for c in secret), "".join(f"\\u{ord(c):04x}" for c in secret)),
        *(secret.replace("&", "&amp;"), *coded, *(text.rstrip("=") for text in coded), data.hex(), data.hex().upper()),
    ]


def leaks(kept: str) -> list[str]:
    """Return the spellings of the secret that are in what was kept, also within JSON."""
    return [text for text in spelled() if text in kept or json.dumps(text)[1:-1] in kept]
