"""The lecture's UDP server: it receives a datagram, replies, receives the next.

Usage: python UDPServer.py [PORT]        (default port 12000; Ctrl-C stops it)
"""

import sys

import capsock

try:
    port = int(sys.argv[1]) if len(sys.argv) > 1 else capsock.DEFAULT_PORT
    with capsock.Server("udp", port=port, concurrency="iterative") as server:
        print(f"The server is ready to receive on port {server.port}", flush=True)
        server.serve_forever()
except KeyboardInterrupt:
    pass
except (OSError, ValueError, OverflowError) as error:
    sys.exit(f"UDPServer: {error}")
