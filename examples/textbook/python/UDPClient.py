"""UDP client: sends a sentence from the keyboard to the server and prints the reply.

Usage: python UDPClient.py [HOST [PORT]]        (default localhost 12000)

One line differs from the textbook's program: the import, where it has `from socket import *`. With that line,
the program runs unchanged by `python -m capsock run UDPClient.py`.
"""

import sys
from capsock.socket import *

serverName = sys.argv[1] if len(sys.argv) > 1 else "localhost"
serverPort = int(sys.argv[2]) if len(sys.argv) > 2 else 12000
clientSocket = socket(AF_INET, SOCK_DGRAM)
message = input("Input lowercase sentence: ")
clientSocket.sendto(message.encode(), (serverName, serverPort))
modifiedMessage, serverAddress = clientSocket.recvfrom(2048)
print("From Server:", modifiedMessage.decode())
clientSocket.close()
