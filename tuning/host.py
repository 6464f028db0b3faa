"""The machine: its sysctls, its files below /proc, /sys and /etc, and the limit of open files."""

import os
import resource
from pathlib import Path

UNIT = "parleyd.service"
# In the order in which systemd looks.
UNIT_FOLDERS = ("/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system",
                "/usr/lib/systemd/system", "/lib/systemd/system")
UNLIMITED = 2**63


def limit_of(word):
    if word in ("infinity", "unlimited"):
        return UNLIMITED
    if not word.isdecimal():
        raise ValueError(f"{word} is no number of open files")
    return int(word)


def limit_text(limit):
    return "unlimited" if limit == UNLIMITED else str(limit)


class Host:
    """`root` stands before every path, so that a folder can play the machine."""

    def __init__(self, root="/"):
        self.root = Path(root)

    @property
    def is_this_machine(self):
        return self.root.resolve() == Path("/")

    def path(self, absolute):
        return self.root / absolute.lstrip("/")

    def text(self, absolute):
        """What a file says, without its end of line; None when it cannot be read."""
        try:
            return self.path(absolute).read_text(encoding="utf-8", errors="replace").rstrip("\n")
        except OSError:
            return None

    def glob(self, pattern):
        return sorted(self.root.glob(pattern.lstrip("/")))

    # -- Sysctls

    def sysctl_path(self, key):
        return self.path("/proc/sys") / key.replace(".", "/")

    def read_sysctl(self, key):
        """The value as the kernel writes it, tabs included; None when there is no such key."""
        try:
            text = self.sysctl_path(key).read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, NotADirectoryError):
            return None
        return text.removesuffix("\n")

    def write_sysctl(self, key, value):
        """Writes in one piece, as the kernel wants it; OSError when it refuses."""
        # Never creates: a key that is not there is not ours to make.
        file = os.open(self.sysctl_path(key), os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC)
        try:
            os.write(file, (value + "\n").encode())
        finally:
            os.close(file)

    # -- Limits

    def nofile(self):
        """(hard limit of open files, whose), from the nearest to a running parleyd that there is.

        ValueError when the unit says something that is no limit.
        """
        return self._nofile_of_process() or self._nofile_of_unit() or self._nofile_here()

    def _nofile_of_process(self):
        found = []
        for comm in self.glob("/proc/[0-9]*/comm"):
            try:
                if comm.read_text().strip() != "parleyd":
                    continue
                limits = (comm.parent / "limits").read_text().splitlines()
            except OSError:
                continue  # It ended meanwhile, or it is not ours to look at.
            for line in limits:
                if line.startswith("Max open files"):
                    hard = line.removeprefix("Max open files").split()[1]
                    whose = f"the running parleyd, process {comm.parent.name}"
                    found.append((limit_of(hard), whose))
        return min(found, default=None)

    def _nofile_of_unit(self):
        units = [self.path(folder) / UNIT for folder in UNIT_FOLDERS]
        unit = next((path for path in units if path.is_file()), None)
        if unit is None:
            return None
        # Drop-ins are read in the order of their names, wherever they lie; the last word counts.
        drop_ins = {}
        for folder in reversed(UNIT_FOLDERS):
            for path in (self.path(folder) / f"{UNIT}.d").glob("*.conf"):
                drop_ins[path.name] = path
        said = None
        for path in (unit, *(drop_ins[name] for name in sorted(drop_ins))):
            for line in path.read_text(encoding="utf-8").splitlines():
                name, _, value = line.partition("=")
                if name.strip() == "LimitNOFILE":
                    said = value.strip()
        if not said:
            return None
        # SOFT:HARD, or one number for both.
        shown = "/" + str(unit.relative_to(self.root))
        return limit_of(said.rpartition(":")[2]), f"the unit {shown}"

    def _nofile_here(self):
        if not self.is_this_machine:
            return None
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        return (UNLIMITED if hard == resource.RLIM_INFINITY else hard), "this shell"

    # -- Counters

    def counters(self):
        """What the kernel counted since it started: TcpExt, and packets that found no room."""
        found = {}
        rows = [line.split() for line in (self.text("/proc/net/netstat") or "").splitlines()]
        for names, values in zip(rows[::2], rows[1::2]):
            if names[:1] == ["TcpExt:"]:
                found.update(zip(names[1:], map(int, values[1:])))
        softnet = self.text("/proc/net/softnet_stat")
        if softnet:
            found["softnet_dropped"] = sum(int(line.split()[1], 16)
                                           for line in softnet.splitlines())
        return found
