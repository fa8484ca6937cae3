"""A concurrent TCP server: it serves each client in a thread, so that no client waits for another.

Usage: python ConcurrentTCPServer.py [PORT]        (default port 12000; Ctrl-C stops it)
"""

import sys

import capsock

try:
    port = int(sys.argv[1]) if len(sys.argv) > 1 else capsock.DEFAULT_PORT
    with capsock.Server("tcp", port=port, concurrency="threads") as server:
        print(f"The server is ready to receive on port {server.port}", flush=True)
        server.serve_forever()
except KeyboardInterrupt:
    pass
except (OSError, ValueError, OverflowError) as error:
    sys.exit(f"ConcurrentTCPServer: {error}")
