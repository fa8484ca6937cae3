"""TCP server: accepts a connection, replies with the sentence in upper case, closes, accepts the next.

Usage: python TCPServer.py [PORT]        (default port 12000; Ctrl-C stops it)

One line differs from the textbook's program: the import, where it has `from socket import *`. With that line,
the program runs unchanged by `python -m capsock run TCPServer.py`.
"""

import sys
from capsock.socket import *

serverPort = int(sys.argv[1]) if len(sys.argv) > 1 else 12000
serverSocket = socket(AF_INET, SOCK_STREAM)
serverSocket.bind(("", serverPort))
serverSocket.listen(1)
print("The server is ready to receive", flush=True)
while True:
    connectionSocket, addr = serverSocket.accept()
    sentence = connectionSocket.recv(1024).decode()
    capitalizedSentence = sentence.upper()
    connectionSocket.send(capitalizedSentence.encode())
    connectionSocket.close()
