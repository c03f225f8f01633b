"""Names what a benchmark ran on."""

import importlib.metadata
import pathlib
import platform


def processor():
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return platform.processor() or platform.machine()
    lines = dict(line.split(":", 1) for line in cpuinfo.read_text().splitlines() if ":" in line)
    fields = {key.strip(): value.strip() for key, value in lines.items()}
    flags = [
        f for f in ("avx2", "avx512f", "avx512_vnni", "amx_int8") if f in fields.get("flags", "").split()
    ]
    return f"{fields.get('model name', platform.machine())} ({', '.join(flags)})"


def version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "missing"
