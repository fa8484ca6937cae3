r"""A TCP client that sends each typed line at once and without its newline; `\n` in it is a newline to send.

At the end of input it receives until there is a line of reply for each line that it has sent.
"""

import sys
from socket import *

clientSocket = socket(AF_INET, SOCK_STREAM)
clientSocket.connect((sys.argv[1], int(sys.argv[2])))
sent = b""
for typed in sys.stdin:
    piece = typed.rstrip("\n").replace("\\n", "\n").encode()
    clientSocket.send(piece)
    sent += piece
replies = b""
while replies.count(b"\n") < sent.count(b"\n"):
    piece = clientSocket.recv(1024)
    if not piece:
        print("The server closed the connection")
        break
    replies += piece
print("From Server:", replies.decode())
clientSocket.close()
