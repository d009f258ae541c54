"""What requests sends and gets by its defaults."""

import sys

import requests

body = bytes(range(256))
reply = requests.post(sys.argv[1], data=body, headers={"content-type": "image/png"}, timeout=30)
print(reply.status_code, reply.content == body)
reply = requests.post(sys.argv[1], files={"file": body}, timeout=30)
print(reply.status_code, body in reply.content)
