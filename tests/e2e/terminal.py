"""Runs a command in a terminal of its own: terminal.py COLUMNS SECONDS COMMAND…

After so many seconds it sends Ctrl-C, as a person would; never with 0. What the terminal was sent goes to stdout, as it
is; the exit code is the command's.
"""

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

columns, seconds = int(sys.argv[1]), float(sys.argv[2])
pid, master = pty.fork()
if pid == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 20, columns, 0, 0))
    os.execvp(sys.argv[3], sys.argv[3:])
started = time.monotonic()
while True:
    if seconds and time.monotonic() - started > seconds:
        os.write(master, b"\x03")
        seconds = 0
    if not select.select([master], [], [], 0.05)[0]:
        continue
    try:
        data = os.read(master, 65536)
    except OSError:  # the terminal is gone with its last process
        break
    if not data:
        break
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
