"""What is a secret, in which forms it is found, and how it is hidden: the one table of the kit."""

import base64
import html
import json
import time
from collections.abc import Callable
from hashlib import sha256
from urllib.parse import quote, quote_plus

import pytest

from engine_contract.text import masking
from engine_contract.text.masking import (
    MASK,
    hide,
    hide_variables,
    is_secret,
    mask_command,
    mask_header,
    mask_output,
    mask_query,
    mask_text,
)
from tests.support.linear import hold_linear_of

SECRET = "hunter2/Hunter+2"
ENCODED = quote(SECRET, safe="")

SECRET_NAMES = [
    "password",
    "Password",
    "PASSWORD",
    "userPassword",
    "user_password",
    "user-password",
    "user[password]",
    "user%5Bpassword%5D",
    "pass\\u0077ord",
    "passwd",
    "pwd",
    "pass",
    "passphrase",
    "secret",
    "clientSecret",
    "client_secret",
    "token",
    "tokens",
    "refreshToken",
    "accessToken",
    "access_token",
    "id_token",
    "X-Auth-Token",
    "auth",
    "X-Auth",
    "authorization",
    "Proxy-Authorization",
    "authState",
    "Authentication-Info",
    "cookie",
    "Set-Cookie",
    "session",
    "sessionId",
    "JSESSIONID",
    "PHPSESSID",
    "connect.sid",
    "sid",
    "apiKey",
    "api_key",
    "X-Api-Key",
    "X-Access-Key",
    "AWSAccessKeyId",
    "Ocp-Apim-Subscription-Key",
    "privateKey",
    "signing_key",
    "signature",
    "X-Amz-Signature",
    "sig",
    "X-Amz-Credential",
    "credentials",
    "jwt",
    "X-Goog-Iap-Jwt-Assertion",
    "bearer",
    "X-CSRF",
    "xsrf_token",
    "X-Forwarded-Client-Cert",
    "DPoP",
    "Sec-WebSocket-Protocol",
    "otp",
    "SAMLResponse",
    "mypassword",
    "passwort",
    "X-Key",
    "motDePasse",
    "user_pw",
    "userpass",
    "client_assertion",
    "pin",
    "mfaCode",
    "sshKey",
    "connectionString",
    "snmp_community",
    "X-Functions-Key",
    "X-Amzn-Oidc-Data",
    "code_verifier",
    *(
        "newpwd",
        "dbpass",
        "appKey",
        "consumerKey",
        "device_code",
        "X-App-Key",
        "clientAssertion",
        "samlresponse",
        "cvv",
    ),
    *(
        "kennwort",
        "mot_de_passe",
        "contraseña",
        "contrase\\u00f1a",
        "contrase%C3%B1a",
        "senha",
        "Hasło",
        "пароль",
        "ПАРОЛЬ",
    ),
    *("密码", "パスワード", "비밀번호", "DB_DSN", "connStr"),
    *("two_factor_code", "Jenkins-Crumb", "passHash", "tacacs_key", "X-Amz-Server-Side-Encryption-Customer-Key"),
    *("contrasenya", "authz", "seed_phrase", "seedPhrase", "pa55word", "p4ssword", "card_number", "ssn"),
]

READABLE_NAMES = [
    "author",
    "authored",
    "author_id",
    "co-author",
    "authors",
    "authority",
    "authorized",
    "authenticated",
    "name",
    "status",
    "state",
    "error",
    "code",
    "key",
    "keys",
    "tokens_used",
    "token_type",
    "token_count",
    "max_tokens",
    "token_expires_in",
    "password_changed_at",
    "has_password",
    "isSecret",
    "session_timeout",
    "tokenizer",
    "secretary",
    "possession",
    "compass",
    "enclave",
    "passport",
    "fieldsName",
    "größe",
    "名前",
    "pinned",
    "ping",
    "power",
    "community",
    "passed",
    "bypass",
    "signal",
    "design",
    "sign_in",
    "refresh",
    *("token_endpoint", "session_name", "auth_method", "X-Auth-User", "session_duration"),
    "Mock-Session",
    "mock-session",
    "WWW-Authenticate",
    "Sec-WebSocket-Key",
    "Sec-Fetch-Site",
    "ETag",
    "Content-Type",
    "Idempotency-Key",
    "job_id",
    "_id",
    "created_by",
    "run_time",
    "finish_state",
    "server_id",
    "last_updated_by",
    "locked",
    "watchers",
    "encode",
    "monkey",
    "x",
    "_",
    "tasks",
    "42",
]


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_name_of_a_secret_is_secret(name: str) -> None:
    """Names of any case and spelling count by the words in them."""
    assert is_secret(name)
    assert is_secret(name, parameter=True)


@pytest.mark.parametrize("name", [*READABLE_NAMES, ""])
def test_name_of_anything_else_is_readable(name: str) -> None:
    """Words of the contract, and what tells something about a secret, stay readable."""
    assert not is_secret(name)


@pytest.mark.parametrize("name", ["code", "key", "device_code", "sig", "ticket"])
def test_name_of_a_parameter_is_secret(name: str) -> None:
    """What is the code of an error in JSON is a code of OAuth in a URL."""
    assert is_secret(name, parameter=True)


DEEP = json.dumps({"a": json.dumps({"b": json.dumps({"password": SECRET})})})
DOTNET = json.dumps({"a": json.dumps({"token": SECRET}).replace('"', "\u0022")}).replace('\\"', "\\u0022")

LOGIN = base64.b64encode(b'{"user": "me", "password": "Zq7"}').decode()
NO_LOGIN = base64.b64encode(b'{"user": "me", "job": "password"}').decode()

# Text, and what is shown of it.
TEXTS = [
    (f'{{"password": "{SECRET}", "x": 1}}', '{"password": "***", "x": 1}'),
    (f'{{"userPassword":"{SECRET}"}}', '{"userPassword":"***"}'),
    ('{"token": 1234567890, "x": 1}', '{"token": "***", "x": 1}'),
    ('{"token": [1, "a]", {"b": "}"}], "x": 1}', '{"token": "***", "x": 1}'),
    ('{"credentials": {"user": "u", "x": ["y"]}, "x": 1}', '{"credentials": "***", "x": 1}'),
    ('{"password": null, "token": "", "secret": true}', '{"password": null, "token": "", "secret": true}'),
    (r'{"password": "a\"b\\", "x": 1}', '{"password": "***", "x": 1}'),
    (r'{"pass\u0077ord": "abcdefgh1"}', r'{"pass\u0077ord": "***"}'),
    ('{"password": "cut in the mid', '{"password": "***"'),
    ('{"credentials": {"user": "cut in', '{"credentials": "***"'),
    (f'5" long {{"password": "{SECRET}"}}', '5" long {"password": "***"}'),
    (DEEP, DEEP.replace(SECRET, MASK)),
    (DOTNET, r'{"a": "{\"token\": \"***\"}"}'),
    (json.dumps({"a": f"password={SECRET}\n"}), json.dumps({"a": "password=***"})),
    ('{"name": "run?token=zz9zz9zz9", "x": 1}', '{"name": "run?token=***", "x": 1}'),
    ('{"code": "NOT_FOUND", "key": "a"}', '{"code": "NOT_FOUND", "key": "a"}'),
    (f"user=u&password={ENCODED}&x=1", "user=u&password=***&x=1"),
    (f"user%5Bpassword%5D={ENCODED}", "user%5Bpassword%5D=***"),
    (f"user[password]={ENCODED}&x=a%20b", "user[password]=***&x=a%20b"),
    ("code=4/abc&grant_type=authorization_code", "code=***&grant_type=authorization_code"),
    ("?code=503&key=7&pin=123", "?code=503&key=7&pin=***"),
    ("code=503", "code=503"),
    ("fault=missing-name; code=409", "fault=missing-name; code=409"),
    ("password=with blanks&x=1", "password=***&x=1"),
    (f"payload={quote(json.dumps({'password': SECRET}))}", "payload=%7B%22password%22:%20%22***%22%7D"),
    (f"see https://u.example/?token={ENCODED} now", "see https://u.example/?token=*** now"),
    ("see https://u.example/a;jsessionid=ab12cd34?x=1", "see https://u.example/a;jsessionid=***"),
    (f"<a><password>{SECRET}</password><b>1</b></a>", "<a><password>***</password><b>1</b></a>"),
    ("<w:Password><![CDATA[a<b]]></w:Password>", "<w:Password>***</w:Password>"),
    ("<password><value>abc</value></password>", "<password>***</password>"),
    ("<user password=\"a b\" apiKey='c' name=\"n\"/>", '<user password=*** apiKey=*** name="n"/>'),
    (
        ('--b\r\nContent-Disposition: form-data; name="password"\r\n\r\na b\r\n--b\r\n'
        'Content-Disposition: form-data; name="x"\r\n\r\n1\r\n--b--'),
        ('--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n***\r\n--b\r\n'
        'Content-Disposition: form-data; name="x"\r\n\r\n1\r\n--b--'),
    ),
    ('{"fields": [{"name": "password", "type": "text", "value": "a"}]}', '{"fields": [{"name": "password", "type": "text", "value": "***"}]}'),
    ('{"value": "Zq7hunter", "required": true, "key": "api_token"}', '{"value": "***", "required": true, "key": "api_token"}'),
    ('[["password", "Zq7hunter"], ["x", "y"]]', '[["password", "***"], ["x", "y"]]'),
    ('{"required": ["password", "name"]}', '{"required": ["password", "name"]}'),
    ('{"name": "Run workflow", "value": "canceled"}', '{"name": "Run workflow", "value": "canceled"}'),
    ("{'password': 'a b', x: 1}", "{'password': '***', x: 1}"),
    ('login(user: "me", password: "Zq7") { id }', 'login(user: "me", password: "***") { id }'),
    ("- password: Zq7\n", "- password: ***\n"),
    ("unknown field 'password': 'string' expected", "unknown field 'password': 'string' expected"),
    ("https://me:Zq7@git.example/x me@example", "https://me:***@git.example/x me@example"),
    ("http://a:80/x me@example", "http://a:80/x me@example"),
    ('<input name="password" type="x" value="a b"/>', '<input name="password" type="x" value="***"/>'),
    ('<input value="Zq7" name="password"/>', '<input value="***" name="password"/>'),
    ('<param name="password">Zq7</param>', '<param name="password">***</param>'),
    ("<name>password</name><value><string>a b</string></value>", "<name>password</name><value><string>***</string></value>"),
    (
        '--b\r\nContent-Type: text/plain\r\nContent-Disposition: FORM-DATA; NAME="password"\r\n\r\na\r\n--c\r\n--b--',
        '--b\r\nContent-Type: text/plain\r\nContent-Disposition: FORM-DATA; NAME="password"\r\n\r\n***\r\n--b--',
    ),
    ("password =   abc", "password =   ***"),
    ('<property name="password"><value>Zq7</value></property>', '<property name="password"><value>***</value></property>'),
    ('<property name="password">\n <value><![CDATA[Z<q]]></value>', '<property name="password">\n <value><![CDATA[***]]></value>'),
    ('[{"op": "replace", "path": "/user/password", "value": "Zq7"}]', '[{"op": "replace", "path": "/user/password", "value": "***"}]'),
    ('{"key": "password", "val": "Zq7"}', '{"key": "password", "val": "***"}'),
    ('{"newValue": "Zq7", "path": "/password"}', '{"newValue": "***", "path": "/password"}'),
    ('{"op": "replace", "path": "/status", "value": "canceled"}', '{"op": "replace", "path": "/status", "value": "canceled"}'),
    ("user: me\npassword: two words\nx: 1", "user: me\npassword: ***\nx: 1"),
    ("a:\n  password: |\n    two words\n\n    more\n  b: 1", "a:\n  password: |\n  ***\n  b: 1"),
    ("- token: >-\n    Zq7\n- b: 1", "- token: >-\n  ***\n- b: 1"),
    ("пароль: Zq7\n", "пароль: ***\n"),
    ('{"a": "curl -u bob:Zq7 https://x"}', '{"a": "curl -u bob:*** https://x"}'),
    ('{"a": "curl -u \\"bob:Zq 7\\" x\\ny"}', '{"a": "curl -u \\"bob:***\\" x\\ny"}'),
    ('{"a": "-u bob:Zq7", "b": 1}', '{"a": "-u bob:***", "b": 1}'),
    ('{"a": "mysql --password Zq7"}', '{"a": "mysql --password ***"}'),
    ('{"a": "--password ", "b": "-u ", "c": "x:y"}', '{"a": "--password ", "b": "-u ", "c": "x:y"}'),
    ('{"refresh": "Zq7hunter9Kx8w3Lm"}', '{"refresh": "***"}'),
    ('{"refresh": 30, "b": {"refresh": "2026-11-26T10:00:00Z"}}', '{"refresh": 30, "b": {"refresh": "2026-11-26T10:00:00Z"}}'),
    ('user,password,x\nbob,Zq7,1\nal,"a""b,\nc",2\n\nx,y,z', "user,password,x\nbob,***,1\nal,***,2\n\nx,y,z"),
    ('"user";"api_token"\r\n"bob";"Zq7"\r\n', '"user";"api_token"\r\n"bob";***\r\n'),
    ("| user | password |\n|---|---|\n| bob | Zq7 |\n", "| user | password |\n|---|---|\n| bob |***|\n"),
    ('{"csv": "user,password\\nbob,Zq7"}', '{"csv": "user,password\\nbob,***"}'),
    ('["a","password",\n"b","c"]', '["a","password",\n"b","c"]'),
    ('["mysql", "-v", "--password", "x", "--token", "--help"]', '["mysql", "-v", "--password", "***", "--token", "--help"]'),
    ('["-u", "bob:Zq7", "-H", "X-Api-Key: Zq7", "X-Key", "Zq7hunter"]', '["-u", "bob:***", "-H", "X-Api-Key: ***", "X-Key", "***"]'),
    ("- --password\n- Zq7\n- --x\n", "- --password\n- ***\n- --x\n"),
    ('- name: DB_PASSWORD\n  value: "Zq7"\n', "- name: DB_PASSWORD\n  value: ***\n"),
    ("username bob password 7 0822455D0A16\nkey 7 0822", "username bob password 7 ***\nkey 7 ***"),
    ("enable secret 9 $9$abc$def\nsnmp-server community Zq7 RO", "enable secret 9 ***\nsnmp-server community *** RO"),
    ("snmp-server community public RO; IDENTIFIED BY 'x'", "snmp-server community *** RO; IDENTIFIED BY '***'"),
    ("key 1 of 2 is missing; a job is identified by its id; --token is required", "key 1 of 2 is missing; a job is identified by its id; --token is required"),
    ("machine h login u password Zq7hunter", "machine h login u password ***"),
    ("[password] => Zq7\n'token' => 'Zq7'", "[password] => ***\n'token' => ***"),
    ("map[X-Api-Key:[Zq7hunter] Host:[h]] {a: b, password: Zq7hunter}", "map[X-Api-Key:[***] Host:[h]] {a: b, password: ***}"),
    ('Cookie: CASTGC=Zq7; theme=dark\nAuthorization: Digest a="b", c="d"\nx: 1', "Cookie: ***\nAuthorization: Digest ***\nx: 1"),
    ("&lt;w:Password&gt;Zq7&lt;/w:Password&gt;", "&lt;w:Password&gt;***&lt;/w:Password&gt;"),
    ("https://Zq7hunter9Kx8w3Lm@git.example/x ftp://b:p@ss@h/", "https://***@git.example/x ftp://b:***@h/"),
    ("a eyJhbGciOiJI.eyJzdWIi.c2ln b", "a eyJ*** b"),
    ("x%3DeyJhbGciOiJI.eyJzdWIi.c2ln beyJhbGciOiJI.eyJzdWIi", "x%3DeyJ*** beyJhbGciOiJI.eyJzdWIi"),
    ("ghp_Zq7hunter9Kx8 https://hooks.slack.com/services/T0/B0/Zq7 $6$salt$Zq7hunter", "ghp_*** https://hooks.slack.com/services/*** $6$***"),
    ("Unexpected token } in JSON; the token expired1; session 6a90", "Unexpected token } in JSON; the token ***; session 6a90"),
    ('{"h": "Basic dTpwYXNzd29yZA=="}', '{"h": "Basic ***"}'),
    ("Basic realm=engine", "Basic realm=engine"),
    ("me:$apr1$salt$Zq7hunter", "me:$apr1$***"),
    ('{"type": "password", "temporary": false, "value": "Zq7"}', '{"type": "password", "temporary": false, "value": "***"}'),
    ('{"contraseña": "Zq7", "x": 1}', '{"contraseña": "***", "x": 1}'),
    ('{"a": "-----BEGIN PRIVATE KEY-----\\nMIIE\\n-----END PRIVATE KEY-----"}', '{"a": "-----BEGIN PRIVATE KEY-----***-----END PRIVATE KEY-----"}'),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\nZq7\n-----END", "-----BEGIN RSA PRIVATE KEY-----***-----END"),
    ("Server=h;Database=d;User Id=u;Password=Zq7;", "Server=h;Database=d;User Id=u;Password=***"),
    ("postgresql://me:Zq7@db.example:5432/x", "postgresql://me:***@db.example:5432/x"),
    (
        '--b\r\nContent-Disposition : form-data;\r\n name = "password"\r\nX: 1\r\n\r\na b\r\n--b--',
        '--b\r\nContent-Disposition : form-data;\r\n name = "password"\r\nX: 1\r\n\r\n***\r\n--b--',
    ),
    ("X-Api-Key: abc123\nHost: h", "X-Api-Key: ***\nHost: h"),
    ("Authorization: Bearer abc123\n", "Authorization: Bearer ***\n"),
    ("sent Bearer eyJhbGciOi.J9 to it", "sent Bearer *** to it"),
    ("Basic authentication is required", "Basic authentication is required"),
    ("Session: expired", "Session: expired"),
    ('{"label": "Your password:", "type": "text"}', '{"label": "Your password:", "type": "text"}'),
    ('{"detail": "Send Bearer <token>", "code": 1}', '{"detail": "Send Bearer <token>", "code": 1}'),
    ('["-----BEGIN PRIVATE KEY-----\\nMIIE", 1]', '["-----BEGIN PRIVATE KEY-----***", 1]'),
    ("token=&https://me:Zq7@h/x", "token=&https://me:***@h/x"),
    ("a=1 & then Bearer Zq7hunter9", "a=1 & then Bearer ***"),
    ("db.example:5432:inv:app:Zq7 b:c'\n*:*:*:pg:x\\:y\n", "db.example:5432:inv:app:***\n*:*:*:pg:***\n"),
    ('{"line": "db:5433:*:app:Zq7 c", "x": 1}', '{"line": "db:5433:*:app:***", "x": 1}'),
    ('{"lines": "# of ~\\ndb:6432:inv:app:Zq7\\n"}', '{"lines": "# of ~\\ndb:6432:inv:app:***\\n"}'),
    ("10:54:32:1:2 a.c:5432:5: error: x db:5432 2001:5432::1", "10:54:32:1:2 a.c:5432:5: error: x db:5432 2001:5432::1"),
    (f'{{"data": "{LOGIN}", "x": 1}}', '{"data": "***", "x": 1}'),
    (f"data={LOGIN.rstrip('=')}&x=1", "data=***&x=1"),
    (base64.b64encode(json.dumps({"a": LOGIN}, indent=1).encode()).decode(), "***"),
    ("eyJwYXNzd29yZCI6ä eyJwYXNzd29yZ eyJwYXNzd29yZC eyJwYXNzd29yZCI", "eyJwYXNzd29yZCI6ä eyJwYXNzd29yZ eyJwYXNzd29yZC eyJwYXNzd29yZCI"),
    (f'{{"data": "{NO_LOGIN}"}}', f'{{"data": "{NO_LOGIN}"}}'),
    ('{"author": "a", "tokens_used": 3, "status": "canceled"}', '{"author": "a", "tokens_used": 3, "status": "canceled"}'),
]  # fmt: skip


@pytest.mark.parametrize(("text", "shown"), TEXTS)
def test_text_is_shown_without_values_of_secret_names(text: str, shown: str) -> None:
    """In each form the value goes, whatever its type, and all else stays as it was; what is shown stays so."""
    assert mask_text(text) == shown
    assert mask_text(shown) == shown


IN_STRINGS = ["Zq7hunter9", "--password", "-u", "bob:Zq7hunter9", "curl -u 'bob:Zq7hunter9", "'password','Zq7hunter9'"]
IN_STRINGS += [
    "X-Api-Key: Zq7hunter9",
    "a,password\nb,Zq7hunter9\n",
    "token => 'Zq7hunter9'",
    "{token: Zq7hunter9}",
    "key 7 08",
]
IN_STRINGS += [
    "token ]}]}]}]}]}",
    "'Session: Zq7hunter9'",
    '"Cookie: a=b"',
    "password:\\",
    "Bearer Zq7hunter9",
    '\\"token\\"',
]
IN_STRINGS += ["Your password:", "token=", "send a <token>", "-----BEGIN PRIVATE KEY-----", "identified by "]
IN_STRINGS += [
    "<input name='password' value=Zq7hunter9",
    '<param name="password">',
    "&lt;token&gt;",
    'Bearer x\\y"Zq7hunter9',
]


def test_json_stays_json_whatever_is_masked_in_it() -> None:
    """A recording is judged by what is left of its bodies."""
    for first in IN_STRINGS:
        for second in IN_STRINGS:
            value = {"password2": [first, second], "a": {"b": first + second, "d": second}, "c": [first, [second, 1]]}
            for indent in (None, 1):
                masked = json.loads(mask_text(json.dumps(value, indent=indent)))
                assert masked["a"].keys() == value["a"].keys()  # type: ignore[attr-defined]


HEADERS = [
    ("Authorization", f"Bearer {SECRET}", "Bearer ***"),
    ("Authorization", SECRET, "***"),
    ("Authorization", "", ""),
    ("Proxy-Authorization", "Basic dTpwYXNz", "Basic ***"),
    ("Cookie", f"token={SECRET}; theme=dark; mock-session=a", "token=***; theme=***; mock-session=a"),
    ("Set-Cookie", f"sid={SECRET}; Path=/; HttpOnly", "sid=***; Path=/; HttpOnly"),
    ("X-Forwarded-Client-Cert", "Hash=ab;Subject=cd", "***"),
    ("DPoP", "eyJ", "***"),
    ("Sec-WebSocket-Protocol", "bearer, abc", "***"),
    ("Mock-Session", "a", "a"),
    ("Referer", f"http://e/?token={ENCODED}&x=1", "http://e/?token=***&x=1"),
    ("Location", "/login?next=%2F%3Ftoken%3Dabc", "/login?next=/?token%3D***"),
    ("WWW-Authenticate", 'Bearer realm="x"', 'Bearer realm="x"'),
    ("Access-Control-Allow-Headers", "Authorization, X-Api-Key", "Authorization, X-Api-Key"),
    ("Refresh", "5; url=/login", "5; url=/login"),
    (
        "Referer",
        "https://auth.example/v2something/reset-password/Zq7hunter",
        "https://auth.example/v2something/reset-password/***",
    ),
    ("X-Debug", '{"password": "x"}', '{"password": "***"}'),
]


@pytest.mark.parametrize(("name", "value", "shown"), HEADERS)
def test_header_is_shown_without_credentials(name: str, value: str, shown: str) -> None:
    """Schemes and the names of cookies stay."""
    assert mask_header(name, value) == shown
    assert mask_header(name.lower(), value) == shown


STRUCTURAL = [
    ("Content-Type", "application/json; charset=utf-8"),
    ("Content-Type", "multipart/form-data; boundary=XyZ-12345678"),
    ("Content-Length", "12345678"),
    ("Date", "Thu, 26 Nov 2026 14:52:37 GMT"),
]


@pytest.mark.parametrize(("name", "value"), STRUCTURAL)
def test_header_that_frames_its_message_is_shown_whatever_is_secret(name: str, value: str) -> None:
    """A known secret in another place of such a header is hidden."""
    secrets = frozenset({"json", "XyZ-12345678", "12345678", "26 Nov 2026", "Zq7hunter2"})
    assert masking.show_header(name, value, lambda text: hide(text, secrets)) == value
    assert masking.show_header(name, f"{value}; x=Zq7hunter2", lambda text: hide(text, secrets)).endswith("x=***")


def test_query_is_shown_as_it_was_sent_but_for_secrets() -> None:
    """Addresses within addresses count too."""
    assert mask_query("a=b%20c&sig=x&b&code=y&Key=z") == "a=b%20c&sig=***&b&code=***&Key=***"
    assert mask_query("to=https%3A%2F%2Fe%2F%3Ftoken%3Dabc") == "to=https://e/?token%3D***"
    assert mask_query("job_id=1&x=100%") == "job_id=1&x=100%"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("curl -H Authorization: Bearer s3cr3t-value", "curl -H Authorization: Bearer ***"),
        ("login --token abc -x", "login --token *** -x"),
        ("password: abc", "password: ***"),
        ("curl -H 'Basic dTpwYXNzd29yZA=='", "curl -H 'Basic ***'"),
        ("no such job", "no such job"),
        ("auth failed; token expired; password wrong", "auth failed; token expired; password wrong"),
        ("session not found, credentials invalid", "session not found, credentials invalid"),
        ("invalid token 9f8e7d6c5b4a3f2e1d.", "invalid token ***."),
        ("wrong password 'Zq7hunter2'", "wrong password '***'"),
        ("it says password: two words", "it says password: *** words"),
        ("password: two words", "password: ***"),
    ],
)
def test_output_of_a_command_is_shown_without_secrets(text: str, shown: str) -> None:
    """In prose the word after a secret name goes where a separator stands before it, or it looks like a secret."""
    assert mask_output(text) == shown


@pytest.mark.parametrize(
    ("command", "shown", "learned"),
    [
        ("curl -u me:hunter4 -X POST", "curl -u me:*** -X POST", "hunter4"),
        ("curl --user='me:hunter 4' x", "curl --user='me:***' x", "hunter 4"),
        ('curl -u "$U:$P" x', 'curl -u "$U:$P" x', None),
        ("x --password 'two words' y", "x --password *** y", "two words"),
        ("curl http://me:pw1234@h/", "curl http://me:***@h/", "pw1234"),
        ("PASSWORD=hunter4 x", "PASSWORD=***", "hunter4 x"),
        ("sshpass -p Zq7 ssh x", "sshpass -p *** ssh x", "Zq7"),
        ("mysql -u root -pZq7 db", "mysql -u root -p*** db", "Zq7"),
        ("docker run -p 8080:80 x", "docker run -p 8080:80 x", None),
        ("date -u +%H:%M", "date -u +%H:***", "%M"),
    ],
)
def test_command_is_shown_without_the_secrets_written_in_it(command: str, shown: str, learned: str | None) -> None:
    """Options, users with a password, addresses and assignments."""
    found: list[str] = []
    assert mask_command(command, found.append) == shown
    assert learned is None or learned in found


def test_masked_values_are_learned_as_they_are_meant() -> None:
    """What is learned is the value without the escapes of its form, also within objects."""
    found: list[str] = []
    mask_text(json.dumps({"password": 'a"b', "token": {"x": ["cdé", 12345678]}}), found.append)
    mask_text(f"user%5Bpassword%5D={ENCODED}", found.append)
    mask_text("<password>e&amp;f</password>", found.append)
    mask_header("Authorization", "Basic " + base64.b64encode(b"u:ghi").decode(), found.append)
    mask_header("Cookie", "token=j%2Fk; theme=dark", found.append)
    mask_header("Authorization", "l%2Fm", found.append)
    mask_header("Authorization", "Negotiate ", found.append)
    assert {'a"b', "cdé", "12345678", SECRET, "e&f", "u:ghi", "ghi", "j/k", "l/m"} <= set(found)
    assert not {"dark", "Negotiate"} & set(found)


LEARNED = ["/Zq7hunter2", "2026-Zq7-hunter", "text/Zq7hunter2", "aBcDeFgH", "https://e/Zq7hunter2Kx9w"]
LEARNED += ["hunter2!!", "dXNlcjpwYXNz", "correcthorsebattery", "12345678", "S3cretWord", "admin:hunter22"]
NOT_LEARNED = ["canceled", "hunter2", "password", "automation", "Pronghorn", "4321abcdef694aa79dae47ad"]
# What the contract itself says: media types, paths, dates, status words, numbers.
NOT_LEARNED += ["application/json", "text/html; charset=utf-8", "application/x-www-form-urlencoded", "/dashboard/jobs"]
NOT_LEARNED += [
    "/workflow_engine/cancelJob",
    "https://engine.example:4011/ui/v2/jobs.html",
    "Thu, 26 Nov 2026 14:52:37 GMT",
]
NOT_LEARNED += ["2026-11-26", "2026-11-26T14:52:37.123Z", "14:52:37", "1795704757", "1795704757123", "12.3456789"]
NOT_LEARNED += ["Completed", "COMPLETED", "Not-Started"]
NOT_LEARNED += ["1555430149763", "admin@pronghorn", "admin:admin", "engineering:apiwrite", "graphql-ws", "a ***bc***"]


@pytest.mark.parametrize("value", LEARNED + NOT_LEARNED)
def test_value_is_learned_unless_it_may_be_a_word(value: str) -> None:
    """Short values, words, and what the documentation page shows are never looked for."""
    assert masking.can_be_learned(value) is (value in LEARNED)


B64 = base64.b64encode(SECRET.encode()).decode()
URL64 = base64.urlsafe_b64encode(SECRET.encode()).decode()
SPELLED = {
    "as is": SECRET,
    "percent": ENCODED,
    "percent, small": ENCODED.replace("%2F", "%2f").replace("%2B", "%2b"),
    "percent twice": quote(ENCODED),
    "percent twice, small": quote(ENCODED).replace("%252F", "%252f").replace("%252B", "%252b"),
    "path": quote(SECRET),
    "form": quote_plus(SECRET),
    "base64": B64,
    "base64 without padding": B64.rstrip("="),
    "base64 in a URL": quote(B64, safe=""),
    "base64url": URL64,
    "base64url without padding": URL64.rstrip("="),
    "hex": SECRET.encode().hex(),
    "HEX": SECRET.encode().hex().upper(),
    "upper": SECRET.upper(),
    "swapped": SECRET.swapcase(),
}
ESCAPED = {
    "percent, each character": "".join(f"%{ord(c):02x}" for c in SECRET),
    "percent thrice": quote(quote(ENCODED)),
    "percent, upper": ENCODED.upper(),
    "JSON, each character": "".join(f"\\u{ord(c):04x}" for c in SECRET),
    "HTML, each character": "".join(f"&#{ord(c)};" for c in SECRET),
    "HTML, hex": "".join(f"&#x{ord(c):X};" for c in SECRET),
}


def test_sentence_is_shown_without_values_of_secret_variables() -> None:
    """A shell puts them there, as in `env:$ADMIN_TOKEN`; words, paths and the kit's own variables stay."""
    environment = {
        "ADMIN_TOKEN": "adm-Zq7-1111\n",
        "SUPPORT_TOKEN": "support",
        "TOKEN_FILE": "/run/token-Zq7",
        "CHECK_ENGINE_AUTH": "header:X-Zq7",
        "COLOUR": "blue-Zq7-1111",
    }
    sentence = "support, adm-Zq7-1111, /run/token-Zq7, header:X-Zq7, blue-Zq7-1111"
    assert hide_variables(sentence, environment) == sentence.replace("adm-Zq7-1111", "***")


@pytest.mark.parametrize("spelling", SPELLED.values(), ids=SPELLED.keys())
def test_known_secret_is_hidden_however_spelled(spelling: str) -> None:
    """Each spelling goes, and so does one that `…` cuts short."""
    assert hide(f"a {spelling} b", frozenset({SECRET})).replace("=", "") == "a *** b"
    assert hide(f"a {spelling[:9]}… b", frozenset({SECRET})) == "a ***… b"


@pytest.mark.parametrize("spelling", ESCAPED.values(), ids=ESCAPED.keys())
def test_known_secret_is_hidden_however_its_characters_are_escaped(spelling: str) -> None:
    """Each escape goes whole, also the one that `…` cuts short."""
    assert hide(f"a {spelling} b", frozenset({SECRET})) == "a *** b"
    assert hide(f"a {spelling[: len(spelling) // 2]}… b", frozenset({SECRET})) == "a ***… b"


@pytest.mark.parametrize("secret", ['qu"ote\\&<é>/x', "p'ss w%20rd", "a\udcffbcdefgh"])
def test_secret_with_escapes_is_hidden(secret: str) -> None:
    """JSON, JSON within JSON and HTML write some characters in another way."""
    once = json.dumps(secret)
    forms = [
        once,
        json.dumps(secret, ensure_ascii=False),
        json.dumps(once),
        html.escape(secret),
        once.replace("/", "\\/"),
    ]
    for form in forms:
        shown = hide(form, frozenset({secret}))
        assert shown.strip('\\"') == MASK, form


def test_secret_within_base64_is_hidden() -> None:
    """At any place in what is encoded, with the characters that it shares with its neighbours."""
    for before in ("", "u", "me", "you:"):
        for after in ("", "x", "yy"):
            text = base64.b64encode(f"{before}{SECRET}{after}".encode()).decode()
            assert len(hide(text, frozenset({SECRET})).replace(MASK, "")) <= len(before) + len(after) + 5


@pytest.mark.parametrize("word", ["canceled", "Canceled", "CANCELED", "Workflow_Engine", "automation"])
def test_words_are_not_learned_in_any_case(word: str) -> None:
    """What is sent as `authState=canceled` must not hide the status of a job."""
    assert not masking.can_be_learned(word)


def test_given_token_that_is_a_word_hides_only_itself() -> None:
    """A word in another case is not the token."""
    assert hide("Canceled canceled", frozenset({"Canceled"})) == "*** canceled"


def test_number_is_hidden_whole_alone() -> None:
    """A longer number that holds it is another one."""
    assert hide('{"a": 12345678, "b": 1234567890, "c": "x12345678y"}', frozenset({"12345678"})) == (
        '{"a": "***", "b": 1234567890, "c": "x***y"}'
    )


def test_json_stays_json_where_a_number_is_hidden() -> None:
    """A number becomes a string; what is in strings stays in them."""
    text = '{"a": [-12345678, 12345678.5, "b \\"12345678, c"]}'
    assert hide(text, frozenset({"12345678"})) == '{"a": ["***", "***", "b \\"***, c"]}'


@pytest.mark.parametrize("spelling", ["s3cr3t", "S3CR3T", "%73%33cr3t", "czNjcjN0", "733363723374"])
def test_short_password_is_hidden_as_a_whole_word(spelling: str) -> None:
    """Six characters of a password's field count, in any spelling; within a longer word they do not."""
    found: list[str] = []
    mask_text('{"newPassword": "s3cr3t"}', found.append)
    mask_query("pwd=s3cr3t", found.append)
    mask_text('{"token": "t0k3n1"}', found.append)
    learned = frozenset(filter(masking.can_be_learned, found))
    assert learned == {"s3cr3t"}
    assert hide(f"a {spelling}, x{spelling}y", learned) == f"a ***, x{spelling}y"


def test_secret_at_the_cut_of_a_text_is_hidden() -> None:
    """What is kept of a text may end within a secret, or within one of its escapes."""
    for cut in (SECRET[:9], ENCODED[:12], B64[:14]):
        assert hide(f"a {cut}", frozenset({SECRET}), is_cut=True) == "a ***"
    assert hide("a hunt", frozenset({SECRET}), is_cut=True) == "a hunt"
    assert hide(f"a {SECRET[:9]}", frozenset({SECRET})) == f"a {SECRET[:9]}"


def test_secret_in_base64_of_base64_is_hidden() -> None:
    """Also with something before and after it."""
    for before in ("", "u:", "me:"):
        twice = base64.b64encode(base64.b64encode(f"{before}{SECRET}!".encode())).decode()
        assert len(hide(twice, frozenset({SECRET})).replace(MASK, "")) <= 2 * len(before) + 8


def test_secret_in_latin_1_is_hidden() -> None:
    """Basic may come in Latin-1, and come back in it: in a body, in a header, as UTF-8 in a header."""
    found: list[str] = []
    mask_header("Authorization", "Basic " + base64.b64encode("me:pässwörd1".encode("latin-1")).decode(), found.append)
    secrets = frozenset(found)
    body = 'x "pässwörd1"'.encode("latin-1").decode("utf-8", "surrogateescape")
    assert hide(body, secrets) == 'x "***"'
    assert hide("pässwörd1", secrets) == MASK
    assert hide("pässwörd1".encode().decode("latin-1"), secrets) == MASK


def test_secrets_that_hold_others_are_hidden_whole() -> None:
    """The longest goes first; what is shorter than four characters hides nothing."""
    assert hide("abcdefgh abcd abc", frozenset({"abcd", "abcdefgh", "abc"})) == "*** *** abc"
    assert hide("", frozenset()) == ""


LOGINS = ['{"user": {"password": "x"}}', "user%5Bpassword%5D=x", '{"userPassword":"x"}', "<password>x</password>"]
LOGINS += ["user_pw=x", "login%5Bpass%5D=x", "p%61ssword=x", '{"p\\u0061ssword": 1}', "passwort=x"]
LOGINS += ["kennwort=x", '{"contraseña": "x"}', "contrase%C3%B1a=x", "пароль: x", '{"密码":"x"}']
LOGINS += ['{"query": "mutation L($u: String!, $p: String!) { login(u: $u, p: $p) { t } }", "variables": {"p": "x"}}']
LOGINS += ['{"query": "mutation {\\n  session: createSession(a: 1)"}']
LOGINS += ['{"method": "auth.login", "params": ["me", "x"]}', "<methodName>user_authenticate</methodName>"]
LOGINS += ['{"a": "{\\"pwd\\": 1}"}', 'form-data; name="password"\r\n\r\nx', "pass=x"]


@pytest.mark.parametrize("body", LOGINS)
def test_body_with_a_password_is_a_login(body: str) -> None:
    """In each form."""
    assert masking.has_password(body)


@pytest.mark.parametrize("body", ["", '{"job_id": "x"}', '{"passed": true}', "compass=1", "no password here"])
def test_body_without_a_password_is_not_a_login(body: str) -> None:
    """A word is not a field."""
    assert not masking.has_password(body)


LOGIN_ROUTES = ["/login", "/login.jsp", "/lo%67in", "/lo%2567in", "/j_spring_security_check", "/signin", "/oauth/token"]
LOGIN_ROUTES += [
    "/session",
    "/api/v2/sessions/",
    "/app/login;jsessionid=1",
    "/users/sign_in",
    "/doLogin.action",
    "/login_check",
]


@pytest.mark.parametrize("path", LOGIN_ROUTES)
def test_route_of_a_login_is_known(path: str) -> None:
    """In any spelling, with the ending of a file, with parameters."""
    assert masking.is_login_route(path)


@pytest.mark.parametrize(
    "path", ["/", "/workflow_engine/cancelJob", "/jobs/4321", "/blogin", "/logins.html/x", "/authors"]
)
def test_route_of_anything_else_is_not_a_login(path: str) -> None:
    """A word that begins alike is another word."""
    assert not masking.is_login_route(path)


@pytest.mark.parametrize(
    ("answer", "token"),
    [('"bG9naW4="', "bG9naW4="), ("t0k3n\n", "t0k3n"), ("admin", None), ('"canceled"', None), ('{"a": 1}', None), ("a b", None)],
)  # fmt: skip
def test_answer_may_be_a_bare_token(answer: str, token: str | None) -> None:
    """But not a word, nor anything longer."""
    assert masking.bare_token(answer) == token


TOKENS = frozenset("".join(sha256(f"{n}{part}".encode()).hexdigest() for part in range(12))[:740] for n in range(5))
PERIODIC = frozenset({"aB3_" * 185})
HOSTILE: dict[str, Callable[[int], str]] = {
    "quotes": lambda n: '"' * n,
    "escaped quotes": lambda n: 'token"' + '\\"' * (n // 2),
    "backslashes": lambda n: 'token"' + "\\" * n,
    "unicode escapes": lambda n: 'token"' + "\\u0022" * (n // 6),
    "blanks": lambda n: '"token"' + " " * n,
    "quotes and blanks": lambda n: '" ' * (n // 2) + "token",
    "keys": lambda n: '"token":' * (n // 8),
    "arrays": lambda n: '"token":[' * (n // 9),
    "nested": lambda n: '{"token":' * (n // 9),
    "closed": lambda n: '{"token":"x"},' * (n // 14),
    "one name": lambda n: "token" * (n // 5) + "=",
    "pairs": lambda n: "a=" * (n // 2) + "token",
    "secret pairs": lambda n: " token=x" * (n // 8),
    "percent": lambda n: "token=%" + "%25" * (n // 3),
    "parameters": lambda n: "&%3Dtoken" * (n // 9),
    "elements": lambda n: "<token>" * (n // 7),
    "open elements": lambda n: "<token " * (n // 7),
    "parts": lambda n: "content-disposition: name=token\n" * (n // 32),
    "lines": lambda n: "token:\n" * (n // 7),
    "blank lines": lambda n: "token\n" + " \n" * (n // 2),
    "schemes": lambda n: "bearer " * (n // 7),
    "capitals": lambda n: '"' + "A" * n + '":1, token',
    "passwords": lambda n: "password" * (n // 8),
    "cut": lambda n: "aB3_aB…" * (n // 7),
    "cut tokens": lambda n: "".join(f"{token[:80]}…" for token in TOKENS) * (n // 400),
    "names": lambda n: '{"name":"token",' * (n // 16),
    "members": lambda n: '"name":"token",' + '"a":1,' * (n // 6),
    "values": lambda n: '"value":"token",' * (n // 16),
    "couples": lambda n: '["token",' * (n // 9),
    "attributes": lambda n: "<a name='token' " * (n // 16),
    "inputs": lambda n: " value='token'" * (n // 14),
    "spaced inputs": lambda n: "<a " + " id='token'" * (n // 11),
    "users": lambda n: "://token:" * (n // 9) + "@",
    "one user": lambda n: "://" + "token:" * (n // 6) + "@",
    "colons": lambda n: "token:'" * (n // 7),
    "boundaries": lambda n: "--b\ncontent-disposition: x; name=token\n\n" * (n // 41),
    "escaped elements": lambda n: "&lt;token " * (n // 10),
    "tables": lambda n: 'a,token\n"""\n' * (n // 12),
    "lists": lambda n: '"-token",' * (n // 9),
    "flow": lambda n: "token:a1b2c3d4 " * (n // 15),
    "looks": lambda n: " eyJaaaaaaaa.aaaa" * (n // 17),
    "names of elements": lambda n: "<name>token</name>" * (n // 18),
    "entities": lambda n: "&#116;" * (n // 6),
    "deep percents": lambda n: "%2525252525" * (n // 11),
    "base64": lambda n: " " + base64.b64encode(b'{"token": "aaaaa"},' * (n // 24)).decode(),
    "many of base64": lambda n: "eyJ0b2tlbiI6ImFiYyJ9 " * (n // 21),
    "lines of passwords": lambda n: "a:5432:token:" * (n // 13),
    "JSON in JSON": lambda n: json.dumps(json.dumps(["token"] * (n // 24))),
    "tokens": lambda n: "0" + "aB3_" * (n // 4),
}


def _mask_everywhere(text: str) -> None:
    mask_text(text)
    mask_output(text)
    mask_query(text)
    mask_header("X-Any", text)
    mask_header("Cookie", text)
    masking.has_password(text)
    masking.bare_token(text)
    hide(text, TOKENS | PERIODIC)


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE.keys())
def test_time_grows_with_the_text_and_no_faster(make: Callable[[int], str]) -> None:
    """Four times the text takes at most six times as long, whatever somebody writes."""
    hold_linear_of(_mask_everywhere, make(25_000), make(100_000))


def test_shortened_tokens_are_compared_at_the_cut_alone() -> None:
    """Five long tokens and one `…` cost next to nothing."""
    text = "x" * 100_000 + max(TOKENS)[:300] + "…"
    hide(text, TOKENS)
    started = time.process_time()
    assert hide(text, TOKENS).endswith("x***…")
    assert time.process_time() - started < 0.5
