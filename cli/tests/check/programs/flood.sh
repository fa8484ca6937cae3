# Writes without end.
while :; do echo "a line that nobody asked for, and another one behind it"; done
