"""UDP server: receives a sentence, replies with it in upper case, receives the next.

Usage: python UDPServer.py [PORT]        (default port 12000; Ctrl-C stops it)

One line differs from the textbook's program: the import, where it has `from socket import *`. With that line,
the program runs unchanged by `python -m capsock run UDPServer.py`.
"""

import sys
from capsock.socket import *

serverPort = int(sys.argv[1]) if len(sys.argv) > 1 else 12000
serverSocket = socket(AF_INET, SOCK_DGRAM)
serverSocket.bind(("", serverPort))
print("The server is ready to receive", flush=True)
while True:
    message, clientAddress = serverSocket.recvfrom(2048)
    modifiedMessage = message.decode().upper()
    serverSocket.sendto(modifiedMessage.encode(), clientAddress)
