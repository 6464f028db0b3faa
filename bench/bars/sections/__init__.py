"""All sections, in the order of running: a further one is a file here, and a line below."""

from sections import echo, fan_out, latency, memory

SECTIONS = (
    fan_out.SECTION,
    echo.SECTION,
    latency.SECTION,
    memory.SECTION,
)
