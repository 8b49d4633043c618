"""The ceiling: a bare WSGI callable that returns fixed bytes, as many as the real answer has.

Mounted over app.py in the api image, so that Gunicorn, Supervisor and nginx are the very same.
"""

SMALL = b'{"data":["' + b"x" * 16 + b'"],"datalen":1,"msg":"success"}'
LARGE = b'{"data":[' + b",".join([b'"' + b"x" * 30 + b'"'] * 1000) + b'],"datalen":1000,"msg":"success"}'
V1 = b'{"data":["' + b"x" * 16 + b'"],"count":1,"entropy_bits":95.26701111409933,"collision_probability":0.0}'


def app(environ, start_response):
    if environ["REQUEST_METHOD"] == "GET":
        body = V1
    else:
        # The two article calls differ in the length of what they ask for.
        body = LARGE if b'"intnum":1000' in environ["wsgi.input"].read() else SMALL
    start_response(
        "200 OK",
        [("Content-Type", "application/json"), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")],
    )
    return [body]
