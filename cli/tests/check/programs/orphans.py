"""A UDP server that leaves a process behind in no group of it: PORT, and how long that one sleeps."""

import os
import socket
import subprocess
import sys

subprocess.run(["setsid", "sh", "-c", f"sleep {sys.argv[2]} &"], check=True)
open(os.path.join(os.environ["HOME"], "left"), "w").close()
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", int(sys.argv[1])))
while True:
    message, client = server.recvfrom(2048)
    server.sendto(message.upper(), client)
