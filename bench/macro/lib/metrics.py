"""What a running parleyd counts."""

import re
import urllib.request

SECONDS_MAX = 5


def metrics(port):
    """{name without its prefix: [value of each worker]} of /metrics."""
    url = f"http://127.0.0.1:{port}/metrics"
    with urllib.request.urlopen(url, timeout=SECONDS_MAX) as answer:
        text = answer.read().decode()
    found = {}
    for name, value in re.findall(r"^parley_(\w+)\{[^}]*\} (\S+)$", text, re.M):
        found.setdefault(name, []).append(float(value))
    return found
