"""capsock's server, started from Python. Usage: capsock_server.py tcp|udp"""

import sys

import capsock

server = capsock.Server("udp" if sys.argv[1] == "udp" else "tcp", port=0, workers=1)
print(server.address[1], flush=True)
server.serve_forever()
