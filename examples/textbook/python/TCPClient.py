"""TCP client: connects, sends a sentence from the keyboard, and prints the reply.

Usage: python TCPClient.py [HOST [PORT]]        (default localhost 12000)

One line differs from the textbook's program: the import, where it has `from socket import *`. With that line,
the program runs unchanged by `python -m capsock run TCPClient.py`.
"""

import sys
from capsock.socket import *

serverName = sys.argv[1] if len(sys.argv) > 1 else "localhost"
serverPort = int(sys.argv[2]) if len(sys.argv) > 2 else 12000
clientSocket = socket(AF_INET, SOCK_STREAM)
clientSocket.connect((serverName, serverPort))
sentence = input("Input lowercase sentence: ")
clientSocket.send(sentence.encode())
modifiedSentence = clientSocket.recv(1024)
print("From Server:", modifiedSentence.decode())
clientSocket.close()
