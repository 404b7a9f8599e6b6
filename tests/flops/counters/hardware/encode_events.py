"""Encode event names with libpfm4; a separate program, since libpfm4 reads LIBPFM_FORCE_PMU only when it starts.

usage: LIBPFM_FORCE_PMU=PMU encode_events.py LIBRARY EVENT...
Prints nothing if the library does not know the PMU; else one line per event: its name, a tab, its code or libpfm4's
message if it refuses. (It imports little: it may run under emulation.)
"""

import ctypes
import os
import sys

USER, PERF_EVENT, RAW = 8, 1, 4


class Pmu(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("description", ctypes.c_char_p),
        ("size", ctypes.c_size_t),
        ("numbers", ctypes.c_int * 7),
        ("is_present", ctypes.c_uint, 1),
        ("reserved", ctypes.c_uint, 31),
    ]


class Attributes(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_uint32),
        ("size", ctypes.c_uint32),
        ("config", ctypes.c_uint64),
        ("rest", ctypes.c_uint64 * 30),
    ]


class Request(ctypes.Structure):
    _fields_ = [
        ("attributes", ctypes.POINTER(Attributes)),
        ("name", ctypes.c_void_p),
        ("size", ctypes.c_size_t),
        ("index", ctypes.c_int),
        ("cpu", ctypes.c_int),
        ("flags", ctypes.c_int),
        ("pad", ctypes.c_int),
    ]


def knows(pfm, name):
    for number in range(2000):
        pmu = Pmu(size=ctypes.sizeof(Pmu))
        if pfm.pfm_get_pmu_info(number, ctypes.byref(pmu)) == 0 and pmu.name.decode() == name and pmu.is_present:
            return True
    return False


def encode(pfm, name):
    attributes = Attributes(size=112)
    request = Request(attributes=ctypes.pointer(attributes), size=ctypes.sizeof(Request))
    code = pfm.pfm_get_os_event_encoding(name.encode(), USER, PERF_EVENT, ctypes.byref(request))
    if code != 0:
        return pfm.pfm_strerror(code).decode()
    return attributes.config if attributes.type == RAW else f"type {attributes.type}, not raw"


def main(pmu, library, names):
    pfm = ctypes.CDLL(library)
    pfm.pfm_strerror.restype = ctypes.c_char_p
    if pfm.pfm_initialize() != 0 or not knows(pfm, pmu):
        return
    for name in names:
        # qualified by the PMU: an unqualified name might be found in the generic one
        sys.stdout.write(f"{name}\t{encode(pfm, f'{pmu}::{name}')}\n")


if __name__ == "__main__":
    main(os.environ["LIBPFM_FORCE_PMU"], sys.argv[1], sys.argv[2:])
