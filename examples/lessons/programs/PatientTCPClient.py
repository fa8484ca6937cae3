"""The textbook's TCP client, but it closes the connection only after the server has done so."""

import sys
from socket import *

clientSocket = socket(AF_INET, SOCK_STREAM)
clientSocket.connect((sys.argv[1], int(sys.argv[2])))
sentence = input("Input lowercase sentence: ")
clientSocket.send(sentence.encode())
modifiedSentence = clientSocket.recv(1024)
print("From Server:", modifiedSentence.decode())
while clientSocket.recv(1024):
    pass
clientSocket.close()
