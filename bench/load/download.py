"""Download once, and print the seconds to the first byte of the body, the total seconds and the bytes as JSON.

download.py PATH
"""

import http.client
import json
import sys
import time

start = time.perf_counter()
connection = http.client.HTTPConnection("127.0.0.1", 80)
connection.request("GET", sys.argv[1])
answer = connection.getresponse()
if answer.status != 200:
    sys.exit(f"answered {answer.status}")
size = len(answer.read(1))
first = time.perf_counter() - start
buffer = bytearray(1 << 20)
while got := answer.readinto(buffer):
    size += got
print(json.dumps({"first_byte_s": first, "seconds": time.perf_counter() - start, "bytes": size}))
