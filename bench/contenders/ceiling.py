"""The ceiling: a bare WSGI callable that returns fixed bytes, as many as the real answer has on average.

It is mounted over app.py in the api image, so Gunicorn, Supervisor and nginx are the same as ours.
"""

from urllib.parse import parse_qs

FIRST, BLOCK = b"x" * (1 << 12), b"x" * (1 << 17)  # the sizes of a stream's pieces in flaskrandom


def article(count: int, length: int) -> bytes:
    strings = b",".join([b'"' + b"x" * length + b'"'] * count)
    return b'{"data":[%b],"datalen":%d,"msg":"success"}' % (strings, count)


# Lengths of 8 to 64 are 36 on average, and counts of 1 to 5 are 3; a prefix has 12 characters.
PLAIN = b'{"data":["%b"],"count":3,"entropy_bits":214.35077500244228,"collision_probability":0.0}'
VARIED = PLAIN % b'","'.join([b"x" * 36] * 3)
PREFIXED = PLAIN % b'","'.join([b"x" * 48] * 3)
SMALL, LARGE = article(1, 16), article(1000, 30)


def app(environ, start_response):
    if environ["PATH_INFO"].endswith("/stream"):
        asked = parse_qs(environ["QUERY_STRING"])
        size = int(asked["count"][0]) * (int(asked["length"][0]) + 1)
        body = blocks(size)
    else:
        if environ["REQUEST_METHOD"] == "POST":
            asked = environ["wsgi.input"].read()
            answer = LARGE if b'"intnum":1000' in asked else SMALL
        else:
            answer = PREFIXED if "prefix=" in environ["QUERY_STRING"] else VARIED
        size, body = len(answer), [answer]
    start_response(
        "200 OK",
        [("Content-Type", "application/json"), ("Content-Length", str(size)), ("Cache-Control", "no-store")],
    )
    return body


def blocks(size):
    yield FIRST[:size]
    whole, rest = divmod(max(0, size - len(FIRST)), len(BLOCK))
    for _ in range(whole):
        yield BLOCK
    if rest:
        yield BLOCK[:rest]
