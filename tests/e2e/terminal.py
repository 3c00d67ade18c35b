"""Runs a command in a terminal of its own: terminal.py COLUMNS TEXT COMMAND…

As soon as it has shown the text, Ctrl-C is pressed, or TERMINAL_KEYS are typed; never with an empty text. What the
terminal was sent goes to stdout, as it is; the exit code is the command's.
"""

import fcntl
import os
import pty
import struct
import sys
import termios

columns, text = int(sys.argv[1]), sys.argv[2].encode()
pid, master = pty.fork()
if pid == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 20, columns, 0, 0))
    os.execvp(sys.argv[3], sys.argv[3:])
shown = b""
while True:
    try:
        data = os.read(master, 65536)
    except OSError:  # the terminal is gone with its last process
        break
    if not data:
        break
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
    shown += data
    if text and text in shown:
        os.write(master, os.environ.get("TERMINAL_KEYS", "\x03").encode())
        text = b""
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
