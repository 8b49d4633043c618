#!/usr/bin/env python3
"""Run the Chromium that the variable CHROMIUM names, unable to see changes of network interfaces.

Chromium aborts each connection that it is opening, even on loopback, whenever the machine's addresses change
(ERR_NETWORK_CHANGED). An engine that starts and stops containers changes them all the time. Chromium has no switch
for that, so a seccomp filter denies it the netlink sockets with which it watches; without them it assumes a stable
network. This is a separate script because Playwright starts the browser.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys

AF_NETLINK = 16
#: The number of the system call socket(2). Other architectures run Chromium without the filter.
SOCKET = {"x86_64": 41, "aarch64": 198}.get(os.uname().machine)

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
NUMBER, FIRST_ARGUMENT = 0, 16  # offsets in struct seccomp_data
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EAFNOSUPPORT


class Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def refuse_netlink(number: int) -> None:
    """Refuse netlink sockets to this process and its descendants."""
    steps = [
        (LOAD, 0, 0, NUMBER),
        (JUMP_IF_EQUAL, 0, 3, number),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        (JUMP_IF_EQUAL, 0, 1, AF_NETLINK),
        (RETURN, 0, 0, REFUSE),
        (RETURN, 0, 0, ALLOW),
    ]
    code = b"".join(struct.pack("HBBI", *step) for step in steps)
    held = ctypes.create_string_buffer(code, len(code))
    program = Program(len(steps), ctypes.addressof(held))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program)):
        raise OSError(ctypes.get_errno(), "the kernel rejects the seccomp filter")


if SOCKET is not None:
    refuse_netlink(SOCKET)
os.execv(os.environ["CHROMIUM"], [os.environ["CHROMIUM"], *sys.argv[1:]])  # noqa: S606
